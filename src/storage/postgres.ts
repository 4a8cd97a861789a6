import { MikroORM } from '@mikro-orm/postgresql';

import { AppError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type Connection, ormOptions } from './connection.ts';
import { type EventfulPool, freeLostConnections } from './free-lost-connections.ts';
import { createListener, type ListenerPool } from './listener.ts';

const POOL_SIZE = 10; // PostgreSQL allows 100 connections by default: room for several servers and workers

/** A PostgreSQL server: any number of our processes may share it. */
export async function connectPostgres(options: { url: string; log: Logger }): Promise<Connection> {
  const orm = await MikroORM.init({
    ...ormOptions(options.log),
    dbName: databaseName(options.url),
    // The ORM would read only host, port, user and database from the address and drop the rest, such as sslmode.
    driverOptions: { connectionString: options.url },
    pool: { min: 0, max: POOL_SIZE },
  });
  const pool = await nativePool(orm);
  freeLostConnections(pool);
  await pool.query('select 1').catch(async (error: unknown) => {
    await orm.close(true);
    throw unreachable(error);
  });
  const listener = createListener(pool, options.log);
  return {
    kind: 'postgres',
    fork: () => orm.em.fork(),
    execute: (em, sql, values) => em.execute(sql, [...values]),
    executeSql: (text, values) => pool.query(text, values),
    listen: async (channel, handler) => {
      const stop = await listener.listen(channel, handler);
      return async () => stop();
    },
    requireSpace: async () => {}, // the server refuses a write by itself and goes on
    flush: async () => {}, // the server does it before it acknowledges a commit
    close: async () => {
      listener.close();
      await orm.close(true);
    },
  };
}

function unreachable(error: unknown): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = 'check DATABASE_URL and that the server is up';
  return new AppError('UNAVAILABLE', `the database cannot be reached: ${reason}; ${advice}`, { cause: error });
}

function databaseName(url: string): string {
  const name = URL.canParse(url) ? decodeURIComponent(new URL(url).pathname.slice(1)) : '';
  if (name !== '') return name;
  throw new AppError('UNAVAILABLE', 'the database address must look like postgres://user:password@host:5432/database');
}

// The driver's own type of the pool is empty, since `pg` ships none.
async function nativePool(orm: MikroORM): Promise<ListenerPool & EventfulPool> {
  const client: unknown = await orm.em.getConnection().getNativeClient();
  return client as ListenerPool & EventfulPool;
}
