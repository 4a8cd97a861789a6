import { type AuditEvent, recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import type { Engine } from '../engine.ts';
import { isServerGone } from '../journal/interruption.ts';
import { settleWithin } from '../journal/running-operations.ts';
import { sweep } from '../journal/sweep.ts';

const CHANNEL = 'intent_cancel';
const LOOK_AGAIN_MS = 200;
const WAIT_MS = 6_000; // longer than the other server's own patience with a provider, and than the lease of a dead one

interface WorkRow {
  readonly id: string;
  readonly project: string;
  readonly status: string;
  readonly leaseUntil: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly failure: string | undefined;
}

/** Work that a server does, or that waits for a person: an operation, or a change set. */
export interface Work<Row extends WorkRow> {
  readonly row: Row;
  readonly noun: 'operation' | 'change set';
  /** What it is called in the details of errors. */
  readonly key: 'operation' | 'changeSet';
  readonly find: (db: Db) => Promise<Row | undefined>;
  readonly runs: (row: Row) => boolean;
  /** Whether it can be ended at once, because nothing was begun. */
  readonly waits: (row: Row) => boolean;
  /** Leaves word in its row. @returns false when nobody works on it any more */
  readonly ask: (db: Db, at: Date) => Promise<boolean>;
  readonly end: (db: Db, row: Row, failure: string) => Promise<void>;
  readonly event: AuditEvent;
}

/**
 * Ends work that waits at once. What runs is asked to stop, on whichever server; it comes to its end by itself, with
 * whatever was done by then on record.
 *
 * @throws CONFLICT when it is at its end, or nobody knows what was done
 */
export async function endWork<Row extends WorkRow>(engine: Engine, request: Request, work: Work<Row>): Promise<Row> {
  let { row } = work;
  if (engine.running.has(row.id) || work.runs(row)) {
    await stopWork(engine, request, work);
    row = await findAgain(engine, work);
    // It may have come to where it waits for a person before it heard.
    if (!work.waits(row) && !isServerGone(row.failure)) return row;
  }
  if (row.status === 'CANCELED') return row;
  if (!work.waits(row)) throw notCancelable(work, row);
  await callOff(engine, request, work, row);
  return findAgain(engine, work);
}

async function findAgain<Row extends WorkRow>(engine: Engine, { row, noun, find }: Work<Row>): Promise<Row> {
  const found = await engine.domain.storage.read(find);
  if (found === undefined) throw noSuch(noun, row.id);
  return found;
}

function notCancelable<Row extends WorkRow>({ noun, key }: Work<Row>, row: Row): AppError {
  const { id, status, failure, finishedAt } = row;
  const advice =
    status === 'INTERRUPTED'
      ? `${isServerGone(failure) ? `${failure}; ` : ''}resume it to find out what was done`
      : finishedAt === undefined
        ? 'ask again in a moment'
        : 'it is at its end';
  const message = `${noun} ${id} is ${status} and cannot be canceled: ${advice}`;
  return new AppError('CONFLICT', message, { details: { [key]: id, status } });
}

function callOff<Row extends WorkRow>(engine: Engine, request: Request, work: Work<Row>, row: Row): Promise<void> {
  const failure = `called off by ${request.caller.principal.name} before anything was changed`;
  return engine.domain.storage.transaction(async (db) => {
    await work.end(db, row, failure);
    await recordAudit(db, engine.domain, request, work.event);
  });
}

/**
 * Has work stopped by the server that does it, which may be another one, and waits a little for that. The word is in the
 * database before anybody is told: a notification that is lost costs a second, not the wish.
 */
async function stopWork<Row extends WorkRow>(engine: Engine, request: Request, work: Work<Row>): Promise<void> {
  const { storage, clock } = engine.domain;
  const { id, status } = work.row;
  const asked = { ...work.event, data: { status } };
  await storage.transaction(
    async (db) => {
      if (await work.ask(db, clock.now())) await recordAudit(db, engine.domain, request, asked);
    },
    { vital: true },
  );
  const running = engine.running.find(id);
  if (running !== undefined) return engine.running.stop(running);
  await storage.notify(CHANNEL, id);
  await untilStopped(engine, work);
}

/** A server whose lease runs out meanwhile is gone: then it is said so at once. */
async function untilStopped<Row extends WorkRow>(engine: Engine, { find, runs }: Work<Row>): Promise<void> {
  const { storage, clock } = engine.domain;
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const row = await storage.read(find);
    if (row?.leaseUntil === undefined || !runs(row)) return;
    if (row.leaseUntil <= clock.now()) return void (await sweep(engine, { alone: false }));
    if (Date.now() >= deadline) return;
    await settleWithin(new Promise(() => {}), LOOK_AGAIN_MS);
  }
}

/**
 * Hears of work of this process that somebody wants stopped by way of another server.
 *
 * @returns a function that stops listening
 */
export function hearOfStops(engine: Engine): Promise<() => Promise<void>> {
  const { storage, log } = engine.domain;
  return storage.listen(CHANNEL, (id) => {
    // After a lost connection every row is looked at.
    const running = engine.running.find(id);
    const stopping = id === '' ? engine.running.renew() : running && engine.running.stop(running);
    stopping?.catch((error: unknown) => log.error({ error, id }, 'running work could not be asked to stop'));
  });
}
