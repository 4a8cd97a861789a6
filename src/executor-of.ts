// How the server's settings become an executor: as whom it runs, and what it sees of this machine.
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type Config, ConfigError } from './config.ts';
import { type Executor, startExecutor } from './executor/index.ts';
import type { Logger } from './shared/logger.ts';

/** @throws ConfigError for a folder that is not there; AppError when isolation is demanded and impossible */
export async function executorOf(config: Config, logger: Logger): Promise<Executor> {
  const { dataDir, keyFile, executorUser, providerMirror } = config;
  const installed = providerFolderOf(config);
  mkdirSync(installed, { recursive: true });
  const executor = await startExecutor({
    maxProviders: config.providerProcesses,
    idleMs: config.providerIdleMs,
    callTimeoutMs: config.providerTimeoutMs,
    socketDir: join(dataDir, 'run'),
    ...(executorUser === undefined ? {} : { runAs: executorUser }),
    isolation: {
      wish: config.executorIsolation,
      readable: [installed, ...(providerMirror === undefined ? [] : [providerMirror]), ...overrideFolders(config)],
      writable: config.providerFolders.map(presentFolder),
      hidden: [dataDir, keyFile],
    },
    logger,
  });
  // Another user must get through to what is installed; everything else in there is closed by itself.
  if (executor.isolation === 'uid') chmodSync(dataDir, 0o711);
  return executor;
}

/** Where providers are installed. */
export function providerFolderOf({ dataDir }: Config): string {
  return join(dataDir, 'providers');
}

// The folder, also where a file is named: a build puts another file in the place of the last one.
function overrideFolders({ providerOverrides }: Config): string[] {
  return [...providerOverrides.values()].map((path) => (isFolder(path) ? path : dirname(path)));
}

function presentFolder(path: string): string {
  if (isFolder(path)) return path;
  throw new ConfigError([`SLUICE_PROVIDER_FOLDERS: there is no folder ${path}; make it, or take it out`]);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
