// Runs Terraform providers, which are foreign code, in a child process that holds no database handle and no key.
export { type Mask, maskOf } from './mask-text.ts';
export { startExecutor } from './start-executor.ts';
export type { CallOptions, Executor, ExecutorOptions, ProviderSession, UpgradeRequest } from './executor.ts';
