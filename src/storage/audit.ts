import type { Db } from './database.ts';
import { AuditEntity } from './entities/audit.ts';
import { type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { columnName, givenRows, type Part, typedRows } from './statement.ts';
import { type Row, tableOf } from './table.ts';

export type AuditRow = Row<typeof AuditEntity>;

const CHAIN_LOCK = 7_582_002; // any number, the same for all servers that share a database
const audit = tableOf(AuditEntity);

const search: SearchSpec<AuditRow> = {
  fields: {
    action: { column: 'action', kind: 'TEXT' },
    eventType: { column: 'eventType', kind: 'TEXT' },
    actor: { column: 'actor', kind: 'TEXT' },
    remoteAddress: { column: 'remoteAddress', kind: 'TEXT' },
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

// As the index on it has it.
const OPERATION = `(case affected_type when 'INTENT_OPERATION' then affected_id else data->>'operation' end)`;

/** What is told of these operations: their receipts, and what people did to them. Oldest first. */
export function findAboutOperations(db: Db, project: string, operations: readonly string[]): Promise<AuditRow[]> {
  const sql = `select * from audit_entry where ${OPERATION} in (${operations.map(() => '?').join(', ')})
    and affected_type in ('INTENT_RESOURCE', 'INTENT_OPERATION') and related_id = ? order by id`;
  return audit.execute(db, sql, [...operations, project]);
}

const columns = Object.keys(AuditEntity.meta.properties).filter((key) => key !== 'actorRoles');
const types = { seq: 'bigint', at: 'timestamptz', data: 'jsonb' } as const;

/** Adds an entry, not yet linked into the chain. Every change waits for this, so it goes past the ORM. */
export async function insertAudit(db: Db, entry: AuditRow): Promise<void> {
  if (db.deferred === undefined) await insertAudits(db, [entry]);
  else db.deferred.audit.push(entry);
}

export async function insertAudits(db: Db, entries: readonly AuditRow[]): Promise<void> {
  if (entries.length === 0) return;
  const { names, table, values } = givenRows(entries, [...columns, 'actorRoles'], { ...types, actorRoles: 'jsonb' });
  const given = columns.map(columnName).join(', ');
  await db.execute(
    `insert into audit_entry (${names}) select ${given}, array(select jsonb_array_elements_text(actor_roles)) from ${table}`,
    values,
  );
}

/** Adds an entry in the statement that moves an operation, if that does move it. */
export function tellingPart(entry: AuditRow): Part {
  const { names, marks, values } = typedRows([entry], columns, types);
  const roles = 'array(select jsonb_array_elements_text(?::jsonb))';
  return {
    sql: `told as (insert into audit_entry (${names}, actor_roles) select ${marks}, ${roles} from changed)`,
    values: [...values, JSON.stringify(entry.actorRoles)],
  };
}

/** Within a transaction: makes the caller the only one to link entries. @returns false when another server does it */
export async function lockChain(db: Db): Promise<boolean> {
  const [row] = await db.execute<{ locked: boolean }>('select pg_try_advisory_xact_lock(?) as locked', [CHAIN_LOCK]);
  return row?.locked === true;
}

/** Entries that are not linked yet, oldest first. */
export function findUnchained(db: Db, limit: number): Promise<AuditRow[]> {
  return audit.find(db, { seq: null }, { orderBy: { id: 'asc' }, limit });
}

/** Entries that are not linked yet, by number. */
export function countUnchained(db: Db): Promise<number> {
  return audit.count(db, { seq: null });
}

export function findChainEnd(db: Db): Promise<AuditRow | undefined> {
  return audit.findOne(db, { seq: { $ne: null } }, { orderBy: { seq: 'desc' } });
}

/** As the drivers give it: empty columns are null, numbers and times may be text. */
type RawEntry = { readonly [Column in keyof AuditRow]: AuditRow[Column] | null } & {
  readonly seq: string | number;
  readonly at: string | Date;
};

/**
 * Linked entries after `seq`, in order, read past the ORM: the whole trail is read this way.
 *
 * @param since leaves out what happened before
 */
export async function readChain(db: Db, after: number, limit: number, since?: Date): Promise<AuditRow[]> {
  // One value instead of seventeen columns times so many rows: that is what reading costs most.
  const [found] = await db.execute<{ entries: string }>(
    `select coalesce(json_agg(e), '[]')::text as entries from (select id, seq, at, account, event_type "eventType", action, actor, actor_roles "actorRoles", space,
      affected_type "affectedType", affected_id "affectedId", related_type "relatedType", related_id "relatedId", data,
      remote_address "remoteAddress", prev_hash "prevHash", hash
      from audit_entry where seq > ? ${since === undefined ? '' : 'and at >= ?'} order by seq limit ?) e`,
    since === undefined ? [after, limit] : [after, since.toISOString(), limit],
  );
  return parseEntries(found?.entries ?? '[]').map((row) => parseEntry(row));
}

// Written by the statement above.
const parseEntries = (text: string): RawEntry[] => JSON.parse(text) as RawEntry[];

function parseEntry(row: RawEntry): AuditRow {
  const entry: Record<string, unknown> = { ...row, seq: Number(row.seq), at: new Date(row.at) };
  for (const column of ['space', 'affectedId', 'relatedType', 'relatedId', 'remoteAddress'] as const)
    entry[column] = row[column] ?? undefined;
  return entry as AuditRow;
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
  await db.execute(
    `update audit_entry a set seq = v.seq, prev_hash = v.prev_hash, hash = v.hash
      from (values ${marks}) as v (id, seq, prev_hash, hash) where a.id = v.id`,
    links.flatMap(({ id, seq, prevHash, hash }) => [id, seq, prevHash, hash]),
  );
}
