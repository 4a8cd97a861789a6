import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Connection } from '../storage/connection.ts';
import { silentLogger } from '../shared/logger.ts';
import { type Storage, storageOver } from '../storage/database.ts';
import { migrate } from '../storage/migrate.ts';
import { migrations } from '../storage/migrations/index.ts';
import { connectPglite } from '../storage/pglite.ts';

const cacheFolder = join(import.meta.dirname, '../../node_modules/.cache/sluice');

let shared: Promise<Storage> | undefined;
let folder: string | undefined;

// Registered for the whole run when a test file imports this one: an open PGlite keeps the process alive.
after(async () => {
  await (await shared)?.close();
});

/**
 * An empty migrated database in memory, the same one for all test files of the process: booted once from a cached dump
 * and emptied at each call. Call it in `beforeEach` (some milliseconds) or in `before`.
 */
export async function testStorage(): Promise<Storage> {
  shared ??= open();
  await empty(await shared);
  return shared;
}

/** A folder for this test run; removed at its end. */
export function testFolder(): string {
  if (folder === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    folder = path;
  }
  return folder;
}

/** A database of one's own, for tests that close it or look inside it. The caller closes it. */
export async function openTestConnection(): Promise<Connection> {
  return connectPglite({ folder: undefined, log: silentLogger, loadDataDir: await emptyCluster() });
}

/** Empties every table but those that say how the database was made. */
export async function empty({ executeSql }: Pick<Storage, 'executeSql'>): Promise<void> {
  await executeSql(`do $$ begin execute (
    select 'truncate ' || string_agg(quote_ident(tablename), ', ') || ' cascade' from pg_tables
    where schemaname = 'public' and tablename not in ('schema_version', 'data_key')); end $$`);
}

async function open(): Promise<Storage> {
  const connection = await openTestConnection();
  const keyFile = join(testFolder(), 'keys.json');
  return storageOver(connection, { keyFile, logger: silentLogger });
}

async function emptyCluster(): Promise<Blob> {
  const version = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
  const file = join(cacheFolder, `empty-database-${version}.tar`);
  const cached = await readFile(file).catch(() => undefined);
  if (cached !== undefined) return new Blob([cached]);
  const dump = await makeCluster();
  await mkdir(cacheFolder, { recursive: true });
  await writeFile(`${file}.${process.pid}`, dump);
  await rename(`${file}.${process.pid}`, file);
  return new Blob([dump]);
}

async function makeCluster(): Promise<Uint8Array<ArrayBuffer>> {
  const connection = await connectPglite({ folder: undefined, log: silentLogger });
  try {
    await migrate(connection);
    return new Uint8Array(await (await connection.dump()).arrayBuffer());
  } finally {
    await connection.close();
  }
}
