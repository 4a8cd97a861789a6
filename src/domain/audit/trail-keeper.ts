import { newUlid } from '../../shared/ids.ts';
import { findChainEnd, lockChain } from '../../storage/audit.ts';
import { dropAuditUntil, findLastCheckpoint, insertCheckpoint } from '../../storage/audit-checkpoints.ts';
import type { Storage } from '../../storage/database.ts';
import type { DomainContext, Request } from '../context.ts';
import { anonymous } from '../../shared/caller.ts';
import { type Checkpoint, fromRow } from './checkpoint.ts';
import { type CheckpointKey, openCheckpointKey } from './checkpoint-key.ts';
import { recordAudit } from './record-audit.ts';

export interface KeeperOptions {
  /** A checkpoint is signed after so many entries … */
  readonly entries: number;
  /** … and after so long, when there was an entry at all. */
  readonly intervalMs: number;
  /** How long entries are kept; for ever when undefined. */
  readonly keepMs: number | undefined;
  /** Takes each checkpoint out of the reach of whoever owns the database. */
  readonly publish: (checkpoint: Checkpoint) => void;
}

/** Signs checkpoints as the trail grows, and drops what is no longer kept. */
export interface TrailKeeper {
  /** Told after entries were linked, and now and then without any. */
  grown(entries: number): Promise<void>;
  /** The last checkpoint that this server knows of. */
  latest(): Checkpoint | undefined;
  /** Signs for what came last. */
  stop(): Promise<void>;
}

type KeeperContext = Pick<DomainContext, 'storage' | 'clock' | 'account'>;

const DROP_INTERVAL_MS = 60 * 60 * 1000;

export async function createTrailKeeper(context: KeeperContext, options: KeeperOptions): Promise<TrailKeeper> {
  const key = await openCheckpointKey(context);
  let latest = await lastCheckpoint(context.storage);
  if (latest !== undefined) options.publish(latest); // it may have been signed and not sent
  let open = 1; // whether anything came while no server ran shows at the first look
  let [signedAtMs, droppedAtMs] = [latest?.at.getTime() ?? 0, 0];
  const sign = async (): Promise<void> => {
    const checkpoint = await signCheckpoint(context, key);
    [open, signedAtMs] = [0, context.clock.now().getTime()];
    if (checkpoint === undefined) return;
    latest = checkpoint;
    options.publish(checkpoint);
  };
  const drop = async (nowMs: number): Promise<void> => {
    droppedAtMs = nowMs;
    if (options.keepMs !== undefined) await dropOldAudit(context, key, new Date(nowMs - options.keepMs));
  };
  return {
    latest: () => latest,
    async grown(entries) {
      open += entries;
      const nowMs = context.clock.now().getTime();
      if (open >= options.entries || (open > 0 && nowMs - signedAtMs >= options.intervalMs)) await sign();
      if (nowMs - droppedAtMs >= DROP_INTERVAL_MS) await drop(nowMs);
    },
    stop: () => (open > 0 ? sign() : Promise.resolve()),
  };
}

/** The last one that is in the database. */
export async function lastCheckpoint(storage: Storage): Promise<Checkpoint | undefined> {
  const row = await storage.read((db) => findLastCheckpoint(db, 'END'));
  return row === undefined ? undefined : fromRow(row);
}

/** @returns undefined when there is nothing new, or another server is linking */
export function signCheckpoint(context: KeeperContext, key: CheckpointKey): Promise<Checkpoint | undefined> {
  const { storage, account, clock } = context;
  return storage.transaction(async (db) => {
    if (!(await lockChain(db))) return undefined;
    const [end, last] = [await findChainEnd(db), await findLastCheckpoint(db, 'END')];
    if (end?.seq === undefined || end.hash === undefined || (last?.seq ?? 0) >= end.seq) return undefined;
    const checkpoint = key.sign({ account, kind: 'END', seq: end.seq, hash: end.hash, at: clock.now() });
    await insertCheckpoint(db, { id: newUlid(), ...checkpoint });
    return checkpoint;
  });
}

/**
 * Drops the entries before a checkpoint that is older than `before`, so that the chain of those that stay begins at a
 * signed place.
 *
 * @returns how many entries
 */
export function dropOldAudit(context: KeeperContext, key: CheckpointKey, before: Date): Promise<number> {
  const { storage, account, clock } = context;
  return storage.transaction(async (db) => {
    if (!(await lockChain(db))) return 0;
    const [until, dropped] = [await findLastCheckpoint(db, 'END', before), await findLastCheckpoint(db, 'DROPPED')];
    if (until === undefined || until.seq <= (dropped?.seq ?? 0)) return 0;
    const { seq, hash } = until;
    const statement = key.sign({ account, kind: 'DROPPED', seq, hash, at: clock.now() });
    await insertCheckpoint(db, { id: newUlid(), ...statement });
    const count = await dropAuditUntil(db, seq);
    const affected = { type: 'AUDIT_TRAIL', id: account };
    const data = { until: seq, entries: count, before: before.toISOString() };
    await recordAudit(db, context, system, { action: 'audit.drop', eventType: 'SYSTEM', affected, data });
    return count;
  });
}

const system: Request = {
  caller: { ...anonymous, principal: { kind: 'SYSTEM', id: 'system', name: 'system' } },
  origin: { via: 'SYSTEM', requestId: 'audit-retention', remoteAddress: undefined, client: undefined },
};
