import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import type { AuditEvent } from '../../domain/audit/index.ts';
import type { Db } from '../../storage/database.ts';
import type { Engine } from '../engine.ts';
import { settleWithin } from '../journal/running-operations.ts';
import { sweep } from '../journal/sweep.ts';

const CHANNEL = 'intent_cancel';
const LOOK_AGAIN_MS = 200;
const WAIT_MS = 6_000; // longer than the other server's own patience with a provider, and than the lease of a dead one

/** Work that a server does: an operation, or a change set. */
interface Work {
  readonly id: string;
  /** Leaves word in its row. @returns false when nobody works on it any more */
  readonly ask: (db: Db, at: Date) => Promise<boolean>;
  /** How it stands in the database; nothing when no server has to do with it any more. */
  readonly lease: (db: Db) => Promise<Date | undefined>;
  readonly event: AuditEvent;
}

/**
 * Has work stopped by the server that does it, which may be another one, and waits a little for that. The word is in the
 * database before anybody is told: a notification that is lost costs a second, not the wish.
 */
export async function stopWork(engine: Engine, request: Request, work: Work): Promise<void> {
  const { storage, clock } = engine.domain;
  await storage.transaction(
    async (db) => {
      if (await work.ask(db, clock.now())) await recordAudit(db, engine.domain, request, work.event);
    },
    { vital: true },
  );
  const running = engine.running.find(work.id);
  if (running !== undefined) return engine.running.stop(running);
  await storage.notify(CHANNEL, work.id);
  await untilStopped(engine, work);
}

/** A server whose lease runs out meanwhile is gone: then it is said so at once. */
async function untilStopped(engine: Engine, work: Work): Promise<void> {
  const { storage, clock } = engine.domain;
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const lease = await storage.read(work.lease);
    if (lease === undefined) return;
    if (lease <= clock.now()) return void (await sweep(engine, { alone: false }));
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
