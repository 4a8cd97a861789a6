import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What the search may look at; the caller reads the environment, this folder does not. */
export interface OpaSearch {
  /** The setting SLUICE_OPA: a path that must work when it is given. */
  readonly setting: string | undefined;
  readonly path: string | undefined;
  readonly gobin: string | undefined;
  readonly gopath: string | undefined;
}

/**
 * Where the optional tool `opa` lies: the setting, else PATH, else where `go install` puts it.
 *
 * @returns an executable file's path, or `undefined`: policies that are shipped compiled still work then
 */
export function findOpa(search: OpaSearch): string | undefined {
  if (search.setting !== undefined && search.setting !== '') {
    // A wrong setting must not fall back silently to another version of the tool.
    return isExecutableFile(search.setting) ? search.setting : undefined;
  }
  const goFolders = [search.gobin, join(firstOf(search.gopath) ?? join(homedir(), 'go'), 'bin')];
  const folders = [...(search.path ?? '').split(delimiter), ...goFolders];
  return folders
    .filter((folder): folder is string => folder !== undefined && folder !== '')
    .map((folder) => join(folder, process.platform === 'win32' ? 'opa.exe' : 'opa'))
    .find(isExecutableFile);
}

function firstOf(list: string | undefined): string | undefined {
  const first = list?.split(delimiter)[0];
  return first === '' ? undefined : first;
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
