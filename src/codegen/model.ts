import type { AccessTable } from './access/requirement.ts';
import { readAccess } from './access/read-access.ts';
import { checkDescriptions } from './check-descriptions.ts';
import type { Sources } from './read-sources.ts';
import { refuseAll } from './refusals.ts';
import { readSdl, type Sdl } from './sdl.ts';
import { combineKinds } from './tools/combine-kinds.ts';
import { readKinds } from './tools/read-kinds.ts';
import type { Tool } from './tools/tool.ts';

/** Everything that is generated from, read and checked once; the plugins only print. */
export interface Model {
  readonly sdl: Sdl;
  readonly access: AccessTable;
  readonly tools: readonly Tool[];
}

/** @throws CodegenRefused with every reason of the first stage that has any, each naming file and line */
export function buildModel(sources: Sources): Model {
  const sdl = readSdl(sources.schema);
  refuseAll(checkDescriptions(sdl.document));
  const access = readAccess(sdl);
  return { sdl, access, tools: combineKinds(readKinds(sources.tools, sdl, access)) };
}
