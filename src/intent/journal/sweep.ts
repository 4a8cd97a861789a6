import { anonymous } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import {
  changeOperation,
  findAbandonedOperations,
  findExpiredOperations,
  findSteps,
  type OperationRow,
} from '../../storage/operations.ts';
import { addDoubtfulResource, markResource } from '../../storage/resources.ts';
import { findProject, releaseLock } from '../../storage/projects.ts';
import { expireSet, findLeftSets, interruptSet } from '../change-sets/sweep-sets.ts';
import type { Engine } from '../engine.ts';
import { TAKEN_DURING, WENT_AWAY_BEFORE, WENT_AWAY_DURING } from './interruption.ts';
import { readRequest } from './stored.ts';

const system: Request = {
  caller: { ...anonymous, principal: { kind: 'ANONYMOUS', id: '', name: 'server' } },
  origin: { via: 'SYSTEM', requestId: 'sweep', remoteAddress: undefined, client: undefined },
};

/**
 * Finds operations whose server is gone and says so, and calls off those that waited for a person too long.
 *
 * @param options.alone no other server works on this database, so whatever is not this process's is abandoned
 * @returns how many operations and change sets were moved
 */
export async function sweep(engine: Engine, options: { alone: boolean }): Promise<number> {
  const { storage, clock } = engine.domain;
  const now = clock.now();
  const found = await storage.read(async (db) => ({
    abandoned: await findAbandonedOperations(db, options.alone ? undefined : now),
    expired: await findExpiredOperations(db, now, new Date(now.getTime() - engine.limits.reviewMs)),
  }));
  const abandoned = found.abandoned.filter(({ id }) => !engine.running.has(id));
  for (const operation of abandoned) await quietly(engine, () => interrupt(engine, operation, options.alone));
  for (const operation of found.expired) await quietly(engine, () => expire(engine, operation));
  const sets = await findLeftSets(engine, options);
  for (const set of sets.abandoned) await quietly(engine, () => interruptSet(engine, system, set, options));
  for (const set of sets.expired) await quietly(engine, () => expireSet(engine, system, set));
  return abandoned.length + found.expired.length + sets.abandoned.length + sets.expired.length;
}

/** Another server may be sweeping too: whoever is second finds that the operation has moved on. */
async function quietly(engine: Engine, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
    engine.domain.log.debug({ error }, 'another server swept first');
  }
}

async function interrupt(engine: Engine, operation: OperationRow, alone: boolean): Promise<void> {
  const { storage, clock } = engine.domain;
  const at = clock.now();
  const acted = operation.status === 'APPLYING' && (await storage.read((db) => hasActed(db, operation.id)));
  const holder = await storage.read((db) => findProject(db, operation.project));
  const during = holder === undefined || holder.fence === operation.fence ? WENT_AWAY_DURING : TAKEN_DURING;
  const failure = acted ? during : WENT_AWAY_BEFORE;
  await storage.transaction(
    async (db) => {
      const { project, id, status } = operation;
      const changes = { status: 'INTERRUPTED' as const, leaseUntil: undefined, failure, updatedAt: at };
      await changeOperation(db, { project, id, fence: undefined }, [status], changes, { step: 'sweep', at });
      if (acted) await doubt(db, operation, at);
      // A server that is certainly dead frees what it held; one that may only be slow keeps its claim to finish.
      if (alone) await releaseLock(db, project, operation.session);
      await receipt(db, engine, operation, 'interrupted');
    },
    { durable: true },
  );
}

async function doubt(db: Db, operation: OperationRow, at: Date): Promise<void> {
  const { project, resourceId, kind } = operation;
  if (kind !== 'CREATE') return markResource(db, project, resourceId, 'INDETERMINATE', at);
  const { provider, version, type, id } = operation;
  await addDoubtfulResource(db, {
    id: newUlid(),
    project,
    resourceId,
    provider,
    version,
    type,
    schemaVersion: 0,
    config: undefined,
    state: undefined,
    private: undefined,
    providerAlias: readRequest(operation.request).providerAlias,
    condition: 'INDETERMINATE',
    drift: undefined,
    driftBase: undefined,
    createdAt: at,
    updatedAt: at,
    lastOperationId: id,
  });
}

async function expire(engine: Engine, operation: OperationRow): Promise<void> {
  const { storage, clock } = engine.domain;
  const { project, id, status } = operation;
  const at = clock.now();
  const failure =
    status === 'AWAITING_CONFIRMATION' ? 'it was not confirmed in time' : 'nobody reviewed or resumed it in time';
  const changes = { status: 'CANCELED' as const, confirmationHash: undefined, failure, updatedAt: at, finishedAt: at };
  await storage.transaction(async (db) => {
    await changeOperation(db, { project, id, fence: undefined }, [status], changes, { step: 'expire', at });
    await receipt(db, engine, operation, 'canceled');
  });
}

function receipt(db: Db, engine: Engine, operation: OperationRow, outcome: string): Promise<void> {
  return recordAudit(db, engine.domain, system, {
    action: `intent-resource.${operation.kind.toLowerCase()}`,
    eventType: 'SYSTEM',
    affected: { type: 'INTENT_RESOURCE', id: operation.resourceId },
    related: { type: 'INTENT_PROJECT', id: operation.project },
    data: { operation: operation.id, outcome },
  });
}

/** Whether the provider was told to act: the journal says so before it is. */
export async function hasActed(db: Db, operation: string): Promise<boolean> {
  const steps = await findSteps(db, operation);
  return steps.some(({ step }) => step === 'applyChange');
}
