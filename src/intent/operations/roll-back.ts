import type { Request } from '../../domain/context.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import { findOperations, type OperationRow } from '../../storage/operations.ts';
import { findResource, type ResourceRow } from '../../storage/resources.ts';
import type { Engine } from '../engine.ts';
import { type Path, readRequest } from '../journal/stored.ts';
import { fitConfig } from '../provider/fit-config.ts';
import { inProject } from '../provider/in-project.ts';
import { loadType } from '../provider/load-type.ts';
import { type Ask, newRun, type Run } from '../run.ts';
import { fillWithheld } from './fill-withheld.ts';
import { requireOperation } from './operation-request.ts';
import { parseAsk } from './parse-ask.ts';
import { startOperation } from './start-operation.ts';
import type { Json } from '../../shared/json.ts';

export interface RollbackInput {
  readonly intentProject: string;
  /** The operation whose configuration is wanted again. */
  readonly operationID: string;
  /** Write-only arguments of that configuration, given anew: they are not kept. */
  readonly writeOnly?: Json | undefined;
  readonly confirmation?: string | null | undefined;
  readonly wait?: number | null | undefined;
  readonly lockWait?: number | null | undefined;
}

/**
 * Gives a resource the configuration again that an earlier operation gave it: an update, or a creation where the resource
 * is no longer there. It is planned, judged and confirmed like any other. It never destroys by itself: what made the
 * resource is rolled back by deleting it, and a deletion by going back to the operation before it.
 */
export async function rollBack(engine: Engine, request: Request, input: RollbackInput): Promise<Run> {
  const row = await requireOperation(engine, input.intentProject, input.operationID);
  const given = await fitted(engine, request, row, await requireConfiguration(engine, row));
  const resource = await engine.domain.storage.read((db) => findResource(db, row.project, row.resourceId));
  if (resource === undefined) await requireNotEjected(engine, row);
  else requireSameSubject(row, resource);
  const run = newRun(engine, request, askAgain(row, given, resource, input));
  return startOperation(run, input);
}

interface Given {
  readonly config: Json;
  readonly providerAlias: string | undefined;
  /** Where write-only arguments were given. */
  readonly withheld: readonly Path[];
}

function askAgain(row: OperationRow, given: Given, resource: ResourceRow | undefined, input: RollbackInput): Ask {
  const { id: rollbackOf, project: intentProject, resourceId: resourceID, provider, type, version } = row;
  const { providerAlias } = given;
  const asked = {
    intentProject,
    resourceID,
    config: fillWithheld(given.config, given.withheld, input.writeOnly ?? undefined, row.id),
    confirmation: input.confirmation,
  };
  const isNew = resource === undefined;
  const subject = isNew ? { provider, type, version, providerAlias } : {};
  return { ...parseAsk({ ...asked, ...subject, kind: isNew ? 'CREATE' : 'UPDATE' }), rollbackOf };
}

async function requireConfiguration(engine: Engine, row: OperationRow): Promise<Given> {
  const { id, kind, status } = row;
  if (status !== 'FINISHED') {
    throw new AppError('CONFLICT', `operation ${id} is ${status}: only one that is FINISHED can be gone back to`);
  }
  const given = configurationOf(row);
  if (given !== undefined) return given;
  const earlier = await configuredBefore(engine, row);
  const advice = earlier === undefined ? '' : `; the one before it that did is ${earlier.id}`;
  throw badInput(
    'operationID',
    `operation ${id} (${kind.toLowerCase()}) gave the resource no configuration that it could get again${advice}`,
  );
}

/** What an operation gave the resource; of an import what the object was found with. */
function configurationOf({ kind, request }: OperationRow): Given | undefined {
  const { config, found, providerAlias, withheld = [] } = readRequest(request);
  if (kind === 'IMPORT') return found === undefined ? undefined : { config: found, providerAlias, withheld: [] };
  return kind === 'CREATE' || kind === 'UPDATE' ? { config: config ?? {}, providerAlias, withheld } : undefined;
}

/** What an object was found with is more than some providers take together: what they fill in by themselves goes first. */
async function fitted(engine: Engine, request: Request, row: OperationRow, given: Given): Promise<Given> {
  if (row.kind !== 'IMPORT') return given;
  const { domain, limits } = engine;
  const { project, provider, version, type } = row;
  const known = await loadType(domain, request, { provider, version, type, kind: 'RESOURCE' });
  const loaded = await inProject(domain, known, project, given.providerAlias);
  const config = await fitConfig(domain.executor, loaded, given.config, { timeoutMs: limits.callMs });
  return { ...given, config };
}

/** The last operation before this one that gave the resource a configuration. */
async function configuredBefore(engine: Engine, row: OperationRow): Promise<OperationRow | undefined> {
  const kinds = ['CREATE', 'UPDATE', 'IMPORT'] as const;
  const { project, resourceId, id } = row;
  const where = { project, resourceId, status: 'FINISHED' as const, kind: { $in: [...kinds] }, id: { $lt: id } };
  const [earlier] = await engine.domain.storage.read((db) => findOperations(db, where, { limit: 1 }));
  return earlier === undefined || configurationOf(earlier) === undefined ? undefined : earlier;
}

/** The object of a resource that was ejected may be there still: a creation would make a second one beside it. */
async function requireNotEjected(engine: Engine, { project, resourceId }: OperationRow): Promise<void> {
  const kinds = ['DELETE', 'EJECT'] as const;
  const where = { project, resourceId, status: 'FINISHED' as const, kind: { $in: [...kinds] } };
  const [last] = await engine.domain.storage.read((db) => findOperations(db, where, { limit: 1 }));
  if (last?.kind !== 'EJECT') return;
  throw new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(resourceId)} was ejected by operation ${last.id}: import it to have it back, ` +
      'or create it if its object is gone',
    { details: { operation: last.id } },
  );
}

/** A configuration fits the type, program and provider configuration that it was made for. */
function requireSameSubject(row: OperationRow, resource: ResourceRow): void {
  const alias = readRequest(row.request).providerAlias;
  const then = subjectText({ ...row, providerAlias: alias });
  const now = subjectText(resource);
  if (then === now) return;
  throw new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(row.resourceId)} is a ${now}, and operation ${row.id} was on a ${then}: ` +
      'its configuration need not fit; update the resource with one of your own',
    { details: { operation: row.id } },
  );
}

type Subject = Pick<ResourceRow, 'type' | 'provider' | 'version' | 'providerAlias'>;

function subjectText({ type, provider, version, providerAlias }: Subject): string {
  return `${type} of ${provider} ${version}${providerAlias === undefined ? '' : ` (${providerAlias})`}`;
}
