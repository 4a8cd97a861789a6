import { MikroORM } from '@mikro-orm/postgresql';

import type { Logger } from '../shared/logger.ts';
import { type Connection, ormOptions } from './connection.ts';
import { keepListening, type ListenerPool } from './listener.ts';

const POOL_SIZE = 10; // PostgreSQL allows 100 connections by default: room for several servers and workers

/** A PostgreSQL server: any number of our processes may share it. */
export async function connectPostgres(options: { url: string; log: Logger }): Promise<Connection> {
  const orm = await MikroORM.init({
    ...ormOptions(options.log),
    clientUrl: options.url,
    pool: { min: 0, max: POOL_SIZE },
  });
  const pool = await nativePool(orm);
  const listeners = new Set<() => void>();
  return {
    kind: 'postgres',
    fork: () => orm.em.fork(),
    executeSql: (text, values) => pool.query(text, values),
    listen: async (channel, handler) => {
      const stop = await keepListening(pool, channel, handler, options.log);
      listeners.add(stop);
      return async () => {
        listeners.delete(stop);
        stop();
      };
    },
    flush: async () => {}, // the server does it before it acknowledges a commit
    close: async () => {
      for (const stop of listeners) stop();
      await orm.close(true);
    },
  };
}

// The driver's own type of the pool is empty, since `pg` ships none.
async function nativePool(orm: MikroORM): Promise<ListenerPool> {
  const client: unknown = await orm.em.getConnection().getNativeClient();
  return client as ListenerPool;
}
