import type { Db } from './database.ts';
import { AuditEntity } from './entities/audit.ts';
import { type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { type Row, tableOf } from './table.ts';

export type AuditRow = Row<typeof AuditEntity>;

const CHAIN_LOCK = 7_582_002; // any number, the same for all servers that share a database
const audit = tableOf(AuditEntity);

const search: SearchSpec<AuditRow> = {
  fields: {
    action: { column: 'action', kind: 'TEXT' },
    eventType: { column: 'eventType', kind: 'TEXT' },
    actor: { column: 'actor', kind: 'TEXT' },
    resourceType: { column: 'affectedType', kind: 'TEXT' },
    resourceId: { column: 'affectedId', kind: 'TEXT' },
    createdAt: { column: 'at', kind: 'TIME' },
  },
  text: ['action', 'actor', 'affectedId', 'relatedId'],
  newest: 'id',
};

export function searchAudit(db: Db, input: SearchInput): Promise<Page<AuditRow>> {
  return searchPage(db, audit, search, {}, input);
}

/** Adds an entry, not yet linked into the chain. */
export function insertAudit(db: Db, entry: AuditRow): Promise<void> {
  return audit.insert(db, entry);
}

/** Within a transaction: makes the caller the only one to link entries. @returns false when another server does it */
export async function lockChain(db: Db): Promise<boolean> {
  const [row] = await db.em.execute<{ locked: boolean }[]>('select pg_try_advisory_xact_lock(?) as locked', [
    CHAIN_LOCK,
  ]);
  return row?.locked === true;
}

/** Entries that are not linked yet, oldest first. */
export function findUnchained(db: Db, limit: number): Promise<AuditRow[]> {
  return audit.find(db, { seq: null }, { orderBy: { id: 'asc' }, limit });
}

export function findChainEnd(db: Db): Promise<AuditRow | undefined> {
  return audit.findOne(db, { seq: { $ne: null } }, { orderBy: { seq: 'desc' } });
}

/** Linked entries after `seq`, in order. */
export function findChained(db: Db, after: number, limit: number): Promise<AuditRow[]> {
  return audit.find(db, { seq: { $gt: after } }, { orderBy: { seq: 'asc' }, limit });
}

export interface ChainLink {
  readonly id: string;
  readonly seq: number;
  readonly prevHash: string;
  readonly hash: string;
}

/** Links entries in one statement. */
export async function linkAudit(db: Db, links: readonly ChainLink[]): Promise<void> {
  const marks = links.map(() => '(?, ?::bigint, ?, ?)').join(', ');
  await db.em.execute(
    `update audit_entry a set seq = v.seq, prev_hash = v.prev_hash, hash = v.hash
      from (values ${marks}) as v (id, seq, prev_hash, hash) where a.id = v.id`,
    links.flatMap(({ id, seq, prevHash, hash }) => [id, seq, prevHash, hash]),
  );
}
