// What the providers of a project get from it: environment variables and mounted files.
export { MOUNT } from './config-name.ts';
export {
  addConfig,
  type ConfigInput,
  type ConfigRecord,
  deleteConfig,
  listConfig,
  updateConfig,
} from './project-config.ts';
export { type ProjectEnvironment, projectEnvironment } from './project-environment.ts';
