import type { SqlEntityManager } from '@mikro-orm/postgresql';

import { AppError } from '../shared/errors.ts';
import type { Connection } from './connection.ts';
import type { StorageOptions } from './database.ts';
import { readKeyFile } from './key-file.ts';
import { appliedVersions, migrateIn } from './migrate.ts';
import { type Migration, migrations } from './migrations/index.ts';
import { openConnection } from './open-connection.ts';
import { type BackupHeader, type BackupPart, readBackup } from './backup-file.ts';

const BATCH_ROWS = 200;
const BATCH_CHARACTERS = 4_000_000;

/**
 * Fills an empty database with a backup, in one transaction, and brings its tables to this version.
 *
 * @throws BAD_INPUT when the backup is not whole or the database is not empty; UNAVAILABLE when the key file lacks a key
 *   that the backup needs, or the backup is of a newer Sluice. Nothing is changed then.
 */
export async function restoreBackup(options: StorageOptions, file: string): Promise<{ rows: number }> {
  const { header, rows } = await checkBackup(file);
  const then = migrationsOf(header);
  await requireKeys(options.keyFile, header.keyIds);
  const connection = await openConnection(options);
  try {
    await requireEmpty(connection);
    await connection.fork().transactional(async (em) => {
      await migrateIn(em, then);
      await emptyTables(em); // of what migrations put there
      await withDeferredReferences(em, () => load(em, readBackup(file)));
      await migrateIn(em, migrations);
    });
    await connection.flush();
    return { rows };
  } finally {
    await connection.close();
  }
}

/** Reads it once to its end, so that a bad one is known before anything is touched. */
async function checkBackup(file: string): Promise<{ header: BackupHeader; rows: number }> {
  let header: BackupHeader | undefined;
  let rows = 0;
  for await (const part of readBackup(file)) {
    if (part.kind === 'header') header ??= part.header;
    else if (part.kind === 'row') rows += 1;
  }
  if (header === undefined) throw new AppError('BAD_INPUT', `backup ${file} has no header; use another backup`);
  return { header, rows };
}

function migrationsOf({ schema }: BackupHeader): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  return schema.map((name) => {
    const migration = known.get(name);
    if (migration !== undefined) return migration;
    throw new AppError(
      'UNAVAILABLE',
      `the backup has schema version ${name}, newer than this Sluice: restore it with the newer one`,
    );
  });
}

async function requireKeys(keyFile: string, keyIds: readonly string[]): Promise<void> {
  const ring = await readKeyFile(keyFile);
  const missing = keyIds.find((id) => ring?.keys.has(id) !== true);
  if (missing === undefined) return;
  throw new AppError(
    'UNAVAILABLE',
    `key file ${keyFile} lacks key ${missing}, with which the backup is sealed: put the key file that belongs to it there first`,
  );
}

async function requireEmpty(connection: Connection): Promise<void> {
  if ((await appliedVersions(connection.fork())).size === 0) return;
  throw new AppError(
    'BAD_INPUT',
    'a backup is restored into an empty database, and this one has tables: name another SLUICE_DATA_DIR or DATABASE_URL',
  );
}

/** Rows come in the order of tables, not of their references: those are checked at the end. */
async function withDeferredReferences(em: SqlEntityManager, work: () => Promise<void>): Promise<void> {
  const references = await em.execute<{ name: string; table: string }[]>(
    `select conname as name, conrelid::regclass::text as "table" from pg_constraint
      where contype = 'f' and connamespace = 'public'::regnamespace`,
  );
  const alter = async (how: string): Promise<void> => {
    for (const { name, table } of references) {
      await em.execute(`alter table ${table} alter constraint "${name}" ${how}`);
    }
  };
  await alter('deferrable initially deferred');
  await work();
  await em.execute('set constraints all immediate');
  await alter('not deferrable');
}

async function emptyTables(em: SqlEntityManager): Promise<void> {
  await em.execute(`do $$ begin execute (
    select 'truncate ' || string_agg(quote_ident(tablename), ', ') from pg_tables
    where schemaname = 'public' and tablename <> 'schema_version'); end $$`);
}

async function load(em: SqlEntityManager, parts: AsyncIterable<BackupPart>): Promise<void> {
  let into: TableFiller | undefined;
  for await (const part of parts) {
    if (part.kind === 'row') {
      await into?.add(part.row);
      continue;
    }
    await into?.finish();
    into = part.kind === 'table' ? new TableFiller(em, part.table, part.columns) : undefined;
    if (part.kind === 'sequences') {
      for (const [name, value] of Object.entries(part.sequences)) {
        await em.execute('select setval(?::text::regclass, ?::text::bigint)', [`"${name}"`, value]);
      }
    }
  }
}

class TableFiller {
  readonly #em: SqlEntityManager;
  readonly #statement: string;
  #rows: string[] = [];
  #characters = 0;

  constructor(em: SqlEntityManager, table: string, columns: readonly string[]) {
    const names = columns.map((name) => `"${name}"`).join(', ');
    this.#em = em;
    this.#statement = `insert into "${table}" (${names}) select ${names} from json_populate_recordset(null::"${table}", ?::text::json)`;
  }

  async add(row: string): Promise<void> {
    this.#rows.push(row);
    this.#characters += row.length;
    if (this.#rows.length >= BATCH_ROWS || this.#characters >= BATCH_CHARACTERS) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.#rows.length === 0) return;
    await this.#em.execute(this.#statement, [`[${this.#rows.join(',')}]`]);
    this.#rows = [];
    this.#characters = 0;
  }
}
