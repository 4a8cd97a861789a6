import type { SqlEntityManager } from '@mikro-orm/postgresql';

import { AppError } from '../shared/errors.ts';
import type { Connection } from './connection.ts';
import { type Migration, migrations } from './migrations/index.ts';

const MIGRATION_LOCK = 7_582_001; // any number, the same for all servers that share a database

/**
 * Brings the database to the version of this code: one query when it is there already. Otherwise all missing migrations
 * run in one transaction under a lock, so that servers starting together wait for the first and a kill leaves no half.
 *
 * @throws UNAVAILABLE when the database was written by a newer Sluice
 */
export async function migrate(connection: Connection, all: readonly Migration[] = migrations): Promise<void> {
  const done = await appliedVersions(connection.fork());
  refuseNewer(done, all);
  if (all.every(({ name }) => done.has(name))) return;
  await connection.fork().transactional((em) => migrateIn(em, all));
}

/** Inside a transaction of the caller. */
export async function migrateIn(em: SqlEntityManager, all: readonly Migration[]): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
  await em.execute(`create table if not exists schema_version (
    name text primary key, applied_at timestamptz not null default now())`);
  const applied = await appliedVersions(em);
  for (const migration of all) if (!applied.has(migration.name)) await apply(em, migration);
}

async function apply(em: SqlEntityManager, migration: Migration): Promise<void> {
  for (const statement of migration.statements) await em.execute(statement);
  await em.execute('insert into schema_version (name) values (?)', [migration.name]);
}

/** Names of the migrations that the database has had; none when it has no tables of ours. */
export async function appliedVersions(em: SqlEntityManager): Promise<Set<string>> {
  const [table] = await em.execute<{ present: boolean }[]>(
    `select to_regclass('schema_version') is not null as present`,
  );
  if (table?.present !== true) return new Set();
  const rows = await em.execute<{ name: string }[]>('select name from schema_version');
  return new Set(rows.map(({ name }) => name));
}

function refuseNewer(applied: ReadonlySet<string>, all: readonly Migration[]): void {
  const known = new Set(all.map(({ name }) => name));
  const newer = [...applied].find((name) => !known.has(name));
  if (newer === undefined) return;
  throw new AppError(
    'UNAVAILABLE',
    `the database has schema version ${newer}, newer than this Sluice (${all.at(-1)?.name}): start the newer Sluice or restore a backup`,
  );
}
