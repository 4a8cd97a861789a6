import { readActions, type ActionCategory } from './access/read-actions.ts';
import type { AccessTable } from './access/requirement.ts';
import { readAccess } from './access/read-access.ts';
import { buildCatalog, type Catalog } from './catalog/build-catalog.ts';
import { withCatalogAccess } from './catalog/catalog-access.ts';
import { checkDescriptions } from './check-descriptions.ts';
import type { Sources } from './read-sources.ts';
import { refuseAll } from './refusals.ts';
import { readSdl, type Sdl } from './sdl.ts';
import { combineKinds } from './tools/combine-kinds.ts';
import { readKinds } from './tools/read-kinds.ts';
import type { Tool } from './tools/tool.ts';

/** Everything that is generated from, read and checked once; the plugins only print. */
export interface Model {
  /** What people wrote; the catalog adds its part as text. */
  readonly sdl: Sdl;
  readonly catalog: Catalog;
  readonly access: AccessTable;
  readonly actions: readonly ActionCategory[];
  readonly tools: readonly Tool[];
}

/** @throws CodegenRefused with every reason of the first stage that has any, each naming file and line */
export function buildModel(sources: Sources): Model {
  const sdl = readSdl(sources.schema);
  refuseAll(checkDescriptions(sdl.document));
  const access = readAccess(sdl);
  const actions = readActions(sdl.document);
  const catalog = buildCatalog(sources, sdl);
  const tools = combineKinds(readKinds(sources.tools, sdl, access));
  return { sdl, catalog, access: withCatalogAccess(access, catalog), actions, tools };
}
