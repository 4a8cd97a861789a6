import { mkdir, open, rename, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { IsolationLevel, type SqlEntityManager } from '@mikro-orm/postgresql';

import { AppError } from '../shared/errors.ts';
import { findDataKeys } from './data-keys.ts';
import { appliedVersions } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { type ConnectionOptions, openConnection } from './open-connection.ts';
import { type BackupPart, formatBackup } from './backup-file.ts';

const ROWS_AT_ONCE = 200;

/**
 * Writes every row of the database as it is at one moment, for either kind of database to restore. What is sealed stays
 * sealed; the key file is not in it.
 *
 * @throws BAD_INPUT when the file exists or there is nothing to write; UNAVAILABLE when a server holds a PGlite folder
 */
export async function writeBackup(options: ConnectionOptions, file: string): Promise<{ rows: number }> {
  const connection = await openConnection(options);
  try {
    return await connection
      .fork()
      .transactional((em) => writeParts(file, partsOf(em)), { isolationLevel: IsolationLevel.REPEATABLE_READ });
  } finally {
    await connection.close();
  }
}

// Written beside and synced first: a crash leaves no file that looks like a backup and is none.
async function writeParts(file: string, parts: AsyncIterable<BackupPart>): Promise<{ rows: number }> {
  let rows = 0;
  const draft = `${file}.part`;
  await mkdir(dirname(file), { recursive: true });
  await refuseExisting(file);
  try {
    const lines = async function* (): AsyncGenerator<string> {
      rows = yield* formatBackup(parts);
    };
    await pipeline(lines, createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }));
    await rename(draft, file);
    return { rows };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function refuseExisting(file: string): Promise<void> {
  const existing = await open(file).catch(() => undefined);
  await existing?.close();
  if (existing !== undefined) throw new AppError('BAD_INPUT', `${file} exists: name a new file for the backup`);
}

async function* partsOf(em: SqlEntityManager): AsyncGenerator<BackupPart> {
  const applied = await appliedVersions(em);
  if (applied.size === 0) throw new AppError('BAD_INPUT', 'the database is empty: there is nothing to back up');
  const schema = migrations.map(({ name }) => name).filter((name) => applied.has(name));
  if (schema.length < applied.size)
    throw new AppError('UNAVAILABLE', 'the database is newer than this Sluice: use that');
  const keyIds = [...new Set((await findDataKeys(em)).map(({ keyId }) => keyId))];
  yield { kind: 'header', header: { createdAt: new Date().toISOString(), schema, keyIds } };
  for (const [table, columns] of await tablesOf(em)) {
    yield { kind: 'table', table, columns };
    yield* rowsOf(em, table);
  }
  yield { kind: 'sequences', sequences: await sequencesOf(em) };
}

async function tablesOf(em: SqlEntityManager): Promise<[string, string[]][]> {
  const rows = await em.execute<{ name: string; columns: string[] }[]>(
    `select t.table_name as name, array_agg(c.column_name::text order by c.ordinal_position) as columns
      from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
      where t.table_schema = 'public' and t.table_type = 'BASE TABLE' and t.table_name <> 'schema_version'
        and c.is_generated = 'NEVER'
      group by t.table_name order by t.table_name`,
  );
  return rows.map(({ name, columns }) => [name, columns]);
}

async function* rowsOf(em: SqlEntityManager, table: string): AsyncGenerator<BackupPart> {
  await em.execute(`declare backup_rows no scroll cursor for select row_to_json(t)::text as line from "${table}" t`);
  for (;;) {
    const rows = await em.execute<{ line: string }[]>(`fetch ${ROWS_AT_ONCE} from backup_rows`);
    for (const { line } of rows) yield { kind: 'row', row: line };
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await em.execute('close backup_rows');
}

async function sequencesOf(em: SqlEntityManager): Promise<Record<string, string>> {
  const rows = await em.execute<{ name: string; value: string }[]>(
    `select sequencename as name, last_value::text as value from pg_sequences
      where schemaname = 'public' and last_value is not null`,
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
