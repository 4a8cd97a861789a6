import type { Request } from '../../domain/context.ts';
import { isValueMap, type Value } from '../../providers/index.ts';
import { maskError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { formatPath } from '../../shared/problems.ts';
import { findOperations } from '../../storage/operations.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import type { Engine } from '../engine.ts';
import { openObject } from '../journal/object-store.ts';
import { readRequest } from '../journal/stored.ts';
import { deriveConfig } from '../merge/derive-config.ts';
import { bare, part } from '../merge/parts.ts';
import { fitConfig } from '../provider/fit-config.ts';
import { inProject } from '../provider/in-project.ts';
import { loadType } from '../provider/load-type.ts';
import type { LoadedType } from '../provider/loaded-type.ts';
import type { KnownObject } from '../provider/plan-change.ts';
import { checkImport, type ImportCheck } from './check-import.ts';

/** What is to be written down of one resource. */
export interface Gathered {
  readonly row: ResourceRow;
  readonly loaded: LoadedType;
  /** With its secrets: they become variables. */
  readonly config: Json;
  /** Paths of write-only arguments that were given and are not kept. */
  readonly withheld: ReadonlySet<string>;
  readonly object: KnownObject;
  readonly importing: { readonly id: string; readonly check: ImportCheck } | undefined;
}

/** A resource of which nothing can be written down, and why. */
export interface Unreadable {
  readonly row: ResourceRow;
  readonly reason: string;
}

export async function gatherResource(
  engine: Engine,
  request: Request,
  row: ResourceRow,
): Promise<Gathered | Unreadable> {
  if (row.condition === 'INDETERMINATE') {
    return { row, reason: `operation ${row.lastOperationId ?? ''} was interrupted: resume it first` };
  }
  try {
    return await gather(engine, request, row);
  } catch (error) {
    return { row, reason: maskError(error, request.origin.requestId).message };
  }
}

async function gather(engine: Engine, request: Request, row: ResourceRow): Promise<Gathered | Unreadable> {
  const { domain, limits } = engine;
  const { provider, version, type } = row;
  const known = await loadType(domain, request, { provider, version, type, kind: 'RESOURCE' });
  const loaded = await inProject(domain, known, row.project, row.providerAlias);
  const object = await openObject(domain.executor, loaded, row, { timeoutMs: limits.callMs });
  if (row.config === undefined && object.value === null) return { row, reason: 'nothing is recorded of it' };
  const recorded = row.config === undefined ? undefined : readRequest(row.config);
  const config = recorded?.config ?? (await derivedConfig(engine, loaded, object.value));
  const withheld = new Set(recorded?.withheld?.map(formatPath));
  const id = await importIdOf(engine, row, loaded, object);
  if (id === undefined) return { row, loaded, config, withheld, object, importing: undefined };
  const checked = await checkImport(engine, loaded, id, config);
  const importing = { id, check: doubted(checked.check, withheld) };
  return { row, loaded, config: checked.config, withheld, object, importing };
}

/** Of what was imported no configuration is recorded: what there is, as far as the provider takes it together. */
function derivedConfig({ domain, limits }: Engine, loaded: LoadedType, object: Value): Promise<Json> {
  const derived = deriveConfig(loaded.schema.block, object);
  return fitConfig(domain.executor, loaded, derived, { timeoutMs: limits.callMs });
}

/** Without its write-only arguments a plan says less than Terraform's will. */
function doubted(check: ImportCheck, withheld: ReadonlySet<string>): ImportCheck {
  if (withheld.size === 0 || check.outcome === 'refused' || check.outcome === 'no-op') return check;
  return { outcome: 'unplanned', reason: 'its write-only arguments are not kept' };
}

/** The id that it was imported by, or the one in its state. */
async function importIdOf(
  engine: Engine,
  { project, resourceId }: ResourceRow,
  { schema }: LoadedType,
  { value }: KnownObject,
): Promise<string | undefined> {
  if (value === null) return undefined;
  const kinds = ['CREATE', 'IMPORT'] as const;
  const where = { project, resourceId, status: 'FINISHED' as const, kind: { $in: [...kinds] } };
  const [made] = await engine.domain.storage.read((db) => findOperations(db, where, { limit: 1 }));
  const importID = made === undefined ? undefined : readRequest(made.request).importID;
  if (importID !== undefined) return importID;
  const secret = schema.block.attributes.some(({ name, sensitive }) => name === 'id' && sensitive);
  const id = isValueMap(bare(value)) && !secret ? part(value, 'id') : null;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
