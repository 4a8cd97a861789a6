import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import type { Db } from '../../storage/database.ts';
import {
  changeChangeSet,
  type ChangeSetRow,
  findAbandonedChangeSets,
  findExpiredChangeSets,
} from '../../storage/change-sets.ts';
import { cancelMembers, findMembers, leaseMembers } from '../../storage/operations.ts';
import { releaseLock } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { SET_LEFT_APPLYING, SET_LEFT_PLANNING } from '../journal/interruption.ts';

/** Change sets whose server is gone, and those that waited for a person too long. */
export async function findLeftSets(engine: Engine, options: { readonly alone: boolean }) {
  const now = engine.domain.clock.now();
  const leftBefore = new Date(now.getTime() - engine.limits.reviewMs);
  const found = await engine.domain.storage.read(async (db) => ({
    abandoned: await findAbandonedChangeSets(db, options.alone ? undefined : now),
    expired: await findExpiredChangeSets(db, now, leftBefore),
  }));
  return { ...found, abandoned: found.abandoned.filter(({ id }) => !engine.running.has(id)) };
}

/** Its operations are swept by themselves; those that waited for their turn wait for it to be resumed. */
export async function interruptSet(
  engine: Engine,
  system: Request,
  set: ChangeSetRow,
  options: { readonly alone: boolean },
): Promise<void> {
  const { storage, clock } = engine.domain;
  const at = clock.now();
  const failure = set.status === 'PLANNING' ? SET_LEFT_PLANNING : SET_LEFT_APPLYING;
  await storage.transaction(
    async (db) => {
      const changes = { status: 'INTERRUPTED' as const, leaseUntil: undefined, failure, updatedAt: at };
      await changeChangeSet(db, set, [set.status], changes);
      await leaseMembers(db, set.id, undefined);
      if (options.alone) await releaseLock(db, set.project, set.session);
      await receipt(db, engine, system, set, 'interrupted');
    },
    { durable: true },
  );
}

export async function expireSet(engine: Engine, system: Request, set: ChangeSetRow): Promise<void> {
  const failure =
    set.confirmationUntil === undefined ? 'nobody reviewed or applied it in time' : 'it was not confirmed in time';
  await engine.domain.storage.transaction(async (db) => {
    await callSetOff(db, engine, set, failure);
    await receipt(db, engine, system, set, 'canceled');
  });
}

/** Ends a change set of which nothing was begun. */
export async function callSetOff(db: Db, engine: Engine, set: ChangeSetRow, failure: string): Promise<void> {
  const at = engine.domain.clock.now();
  const ended = { confirmationHash: undefined, confirmationUntil: undefined, finishedAt: at };
  await changeChangeSet(db, set, [set.status], { ...ended, status: 'CANCELED', failure, updatedAt: at });
  const waiting = (await findMembers(db, set.id)).filter(({ status }) => status === 'PLANNED');
  await cancelMembers(db, set.id, new Map(waiting.map(({ id }) => [id, failure])), at);
}

function receipt(db: Db, engine: Engine, system: Request, set: ChangeSetRow, outcome: string): Promise<void> {
  return recordAudit(db, engine.domain, system, {
    action: 'intent-change-set.end',
    eventType: 'SYSTEM',
    affected: { type: 'INTENT_CHANGE_SET', id: set.id },
    related: { type: 'INTENT_PROJECT', id: set.project },
    data: { outcome },
  });
}
