import type { AccessTable } from './access/requirement.ts';
import { readAccess } from './access/read-access.ts';
import type { Sources } from './read-sources.ts';
import { readSdl, type Sdl } from './sdl.ts';

/** Everything that is generated from, read and checked once; the plugins only print. */
export interface Model {
  readonly sdl: Sdl;
  readonly access: AccessTable;
}

/** @throws CodegenRefused with every reason, each naming file and line */
export function buildModel(sources: Sources): Model {
  const sdl = readSdl(sources.schema);
  return { sdl, access: readAccess(sdl) };
}
