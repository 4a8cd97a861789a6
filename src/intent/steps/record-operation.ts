import { AppError, invariant } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findNeeding } from '../../storage/dependencies.ts';
import { findWork, insertOperation, type OperationRow } from '../../storage/operations.ts';
import { findResource, type ResourceRow } from '../../storage/resources.ts';
import { packRequest } from '../journal/shown-request.ts';
import type { Run } from '../run.ts';
import { takeProject } from './hold-lock.ts';
import { aliasOf } from './load-provider.ts';
import { beginPlan } from './plan-change.ts';

/** Writes the operation down before anything acts. */
export async function recordOperation(run: Run): Promise<void> {
  const { storage } = run.engine.domain;
  const operation = newOperation(run);
  beginPlan(run);
  await storage.transaction(async (db) => {
    const project = await takeProject(db, run);
    await claimResource(db, run);
    await insertOperation(
      db,
      { ...operation, fence: project.fence },
      { step: 'recordOperation', at: operation.createdAt },
    );
    run.facts.project = project;
    run.facts.operation = { ...operation, fence: project.fence };
  });
}

/**
 * The row of a new operation.
 *
 * @param config as it is to be stored; a change set stores it with its references
 */
export function newOperation(run: Run, config = run.ask.config): OperationRow {
  const { ask, engine, request } = run;
  const { caller, origin } = request;
  const { kind } = caller.principal;
  invariant(kind !== 'ANONYMOUS', 'a stranger changes nothing');
  const at = engine.domain.clock.now();
  const { provider, version, type } = subjectOf(run);
  const { importID, importIdentity, rollbackOf } = ask;
  const asked = { config, importID, importIdentity, rollbackOf, providerAlias: aliasOf(run) };
  // Of a configuration that was not found to fit its schema nobody knows what in it is secret.
  const schema = run.facts.config === undefined ? undefined : run.facts.loaded?.schema.block;
  return {
    ...blankOperation,
    id: run.newId,
    project: ask.project,
    resourceId: ask.resourceID,
    kind: ask.kind,
    provider,
    version,
    type,
    request: packRequest(asked, schema),
    session: caller.session,
    principalId: caller.principal.id,
    principalName: caller.principal.name,
    principalKind: kind,
    via: origin.via,
    client: origin.client,
    leaseUntil: new Date(at.getTime() + engine.limits.leaseMs),
    createdAt: at,
    updatedAt: at,
  };
}

const blankOperation = {
  status: 'PLANNING', // it is begun at once; only one that a review let through is queued
  fence: 0,
  prior: undefined,
  plan: undefined,
  planDigest: undefined,
  result: undefined,
  diagnostics: undefined,
  decision: undefined,
  failure: undefined,
  confirmationHash: undefined,
  confirmationUntil: undefined,
  review: undefined,
  finishedAt: undefined,
  changeSet: undefined,
  changePosition: undefined,
  cancelRequestedAt: undefined,
} as const;

/** An ejected resource's provider need not even be there, so the record is asked first. */
function subjectOf(run: Run): { provider: string; version: string; type: string } {
  const { ask } = run;
  const { resource, loaded } = run.facts;
  if (loaded !== undefined) {
    return { provider: loaded.binary.address, version: loaded.binary.version, type: loaded.type };
  }
  return resource ?? { provider: ask.provider ?? '', version: ask.version ?? '', type: ask.type ?? '' };
}

/**
 * Sees that nothing else is under way on the resource, that it is the one that was found before, and that nothing depends
 * on what is to go. The project's row is locked in this transaction, so it stays true until the operation is written down.
 */
export async function claimResource(db: Db, run: Run): Promise<void> {
  const { project, resourceID, kind } = run.ask;
  const settlesInterrupted = kind === 'IMPORT' || kind === 'REFRESH' || kind === 'EJECT';
  const wanted = { project, resources: [resourceID], except: { operation: run.facts.operation?.id } };
  const busy = await findWork(db, wanted, settlesInterrupted ? [] : ['INTERRUPTED']);
  if (busy !== undefined) throw underWay(busy);
  await findAgain(db, run);
  if (kind === 'DELETE') await requireNoDependents(db, run);
}

/** Another operation may have come to its end since the resource was looked up: what counts is what is there now. */
async function findAgain(db: Db, run: Run): Promise<void> {
  const { project, resourceID } = run.ask;
  const before = run.facts.resource;
  const now = await findResource(db, project, resourceID);
  if (before === undefined && now === undefined) return;
  if (before === undefined || now === undefined || !isSameThing(before, now)) throw changedMeanwhile(resourceID);
  run.facts.resource = now;
}

/** Whether what was prepared for the one fits the other. */
function isSameThing(one: ResourceRow, other: ResourceRow): boolean {
  const hadState = one.state !== undefined;
  const wasInDoubt = one.condition === 'INDETERMINATE';
  return (
    one.id === other.id &&
    one.provider === other.provider &&
    one.version === other.version &&
    one.type === other.type &&
    one.providerAlias === other.providerAlias &&
    (other.state !== undefined) === hadState &&
    (other.condition === 'INDETERMINATE') === wasInDoubt
  );
}

function changedMeanwhile(resourceID: string): AppError {
  return new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(resourceID)}: another operation made or removed it meanwhile; look at it and try again`,
  );
}

export function underWay({ id, status, resourceId, changeSet }: OperationRow): AppError {
  const advice =
    status === 'INTERRUPTED'
      ? `resume ${changeSet === undefined ? 'it' : `change set ${changeSet}`} first`
      : 'wait for its end';
  return new AppError('CONFLICT', `resource ${JSON.stringify(resourceId)}: operation ${id} is ${status}; ${advice}`, {
    details: { operation: id, status },
  });
}

async function requireNoDependents(db: Db, { ask }: Run): Promise<void> {
  const needing = await findNeeding(db, ask.project, ask.resourceID);
  if (needing.length === 0) return;
  const names = needing.map(({ fromResource }) => fromResource);
  throw new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(ask.resourceID)} is needed by ${names.join(', ')}: delete these first, remove the dependency, or plan a deletion that takes them along, by intentChangeSetCreate(withDependents)`,
    { details: { dependents: names } },
  );
}
