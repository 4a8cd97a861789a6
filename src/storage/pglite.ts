import { mkdir } from 'node:fs/promises';

import { MikroORM, type PgliteConnection } from '@mikro-orm/pglite';

import type { Logger } from '../shared/logger.ts';
import { type Connection, ormOptions } from './connection.ts';
import { createSpaceCheck } from './disk-space.ts';
import { holdFolder } from './hold-folder.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { createWalFlusher } from './wal-flush.ts';

interface PgliteOptions {
  /** Where the cluster lies; `undefined` keeps it in memory (tests). */
  readonly folder: string | undefined;
  /** Starts from this dump of a cluster instead of an empty one (tests). */
  readonly loadDataDir?: Blob;
  readonly log: Logger;
}

export interface PgliteDatabase extends Connection {
  /** The whole cluster as a tar archive. */
  dump(): Promise<Blob>;
}

/** PostgreSQL inside this process and for this process only: its data folder takes no second server. */
export async function connectPglite(options: PgliteOptions): Promise<PgliteDatabase> {
  if (options.folder !== undefined) await mkdir(options.folder, { recursive: true, mode: 0o700 });
  // Two processes in one cluster destroy it, and PGlite does not look.
  const release = options.folder === undefined ? async () => {} : await holdFolder(options.folder);
  const orm = await MikroORM.init({
    ...ormOptions(options.log),
    dbName: options.folder ?? 'memory://',
    // A function, because the ORM copies plain options and cannot copy a Blob.
    driverOptions: () => (options.loadDataDir === undefined ? {} : { loadDataDir: options.loadDataDir }),
  });
  const client = await nativeClient(orm);
  const statements = new PreparedStatements(client);
  const flush = options.folder === undefined ? async () => {} : createWalFlusher(options.folder);
  return {
    kind: 'pglite',
    fork: () => orm.em.fork(),
    // A transaction holds the client's first lock, and each of its statements the second.
    execute: async (em, sql, values) => {
      const run = () => client.runExclusive(async () => statements.execute(sql, values));
      return em.isInTransaction() ? run() : client._runExclusiveTransaction(run);
    },
    // The client runs one statement, or one script, at a time and none in the middle of a transaction of the ORM.
    executeSql: async (text, values) =>
      values === undefined || values.length === 0
        ? ((await client.exec(text)).at(-1) ?? { rows: [] })
        : client.query(text, values),
    listen: (channel, handler) => client.listen(channel, handler),
    requireSpace: options.folder === undefined ? async () => {} : createSpaceCheck(options.folder),
    flush,
    dump: () => client.dumpDataDir('none'),
    async close() {
      await orm.close(true);
      await release();
    },
  };
}

async function nativeClient(orm: MikroORM) {
  const connection = orm.em.getConnection() as PgliteConnection;
  return connection.getNativeClient();
}
