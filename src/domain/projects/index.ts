// Intent projects: where infrastructure is managed in conversation, by one session at a time.
export { allowedActions } from './allowed-actions.ts';
export { createProject, type NewProject } from './create-project.ts';
export { deleteProject, destroyProject } from './delete-project.ts';
export { type ExpiryRecord, expiryOf } from './expiry.ts';
export {
  activeProject,
  countResources,
  findProject,
  findProjects,
  isSelected,
  listProjects,
  searchProjects,
} from './find-projects.ts';
export { holdLock, lockOf, lockQueueOf, unlockProject } from './lock.ts';
export { activateProject, awaitLock, parseLockWait } from './lock-queue.ts';
export type { ProjectRecord } from './project-record.ts';
export { setDriftCheck, setWebhook, watchOf, type WatchRecord } from './watch.ts';
export { disableProject, enableProject, updateProject } from './update-project.ts';
