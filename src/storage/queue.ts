import { PgBoss } from 'pg-boss';

import type { Logger } from '../shared/logger.ts';
import type { Storage } from './database.ts';

/** Work to be done later, on the same database. A job runs at least once; its handler must stand a second run. */
export interface Queue {
  /** Starts to work on a queue; `handle` gets one job's data. */
  work(name: string, handle: (data: object) => Promise<void>): Promise<void>;
  send(name: string, data: object): Promise<void>;
  stop(): Promise<void>;
}

const POLLING_SECONDS = 2; // the fallback: a sent job wakes its worker by notification
const CHANNEL = 'sluice_jobs';
const RETRIES = 3;
const STOP_MS = 10_000; // what is not done by then is done again by another server, or after the next start

/** Starts the queue. Its own tables are made at the first start, so call this after the server listens. */
export async function startQueue(storage: Storage, log: Logger): Promise<Queue> {
  const boss = new PgBoss({ db: storage, schema: 'queue', supervise: true, schedule: false });
  boss.on('error', (error: unknown) => log.error({ error }, 'the queue has a problem'));
  await boss.start();
  const wake = new Map<string, () => void>();
  const stopListening = await storage.listen(CHANNEL, (name) => wake.get(name)?.());
  return {
    async work(name, handle) {
      await boss.createQueue(name, { retryLimit: RETRIES, retryBackoff: true });
      const id = await boss.work<object>(name, { pollingIntervalSeconds: POLLING_SECONDS }, async (jobs) => {
        for (const job of jobs) await handle(job.data);
      });
      wake.set(name, () => boss.notifyWorker(id));
    },
    async send(name, data) {
      await boss.createQueue(name, { retryLimit: RETRIES, retryBackoff: true });
      await boss.send(name, data);
      await storage.notify(CHANNEL, name);
    },
    async stop() {
      await stopListening();
      await boss.stop({ graceful: true, close: false, timeout: STOP_MS });
    },
  };
}
