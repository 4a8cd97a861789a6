import type { Engine } from '../engine.ts';
import { sweep } from './sweep.ts';

export interface Sweeper {
  stop(): Promise<void>;
}

/**
 * Sweeps now and then at short intervals. With an embedded database no other server can be at work, so whatever was
 * under way when the last one ended is found at once. Later sweeps go by the leases: an operation of our own is written
 * down a moment before it counts as running.
 */
export async function startSweeping(engine: Engine): Promise<Sweeper> {
  const alone = engine.domain.storage.kind === 'pglite';
  const found = await sweep(engine, { alone });
  if (found > 0) engine.domain.log.warn({ operations: found }, 'found operations that an earlier server left behind');
  // The first flush after a start takes longest; it need not wait for the first change.
  const flushed = engine.domain.storage
    .durable()
    .catch((error: unknown) => engine.domain.log.warn({ error }, 'the disk could not be flushed'));
  let current: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    current = sweep(engine, { alone: false })
      .catch((error: unknown) => engine.domain.log.error({ error }, 'could not look for abandoned operations'))
      .finally(() => {
        busy = false;
      });
  }, engine.limits.leaseMs / 2).unref();
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all([flushed, current]);
    },
  };
}
