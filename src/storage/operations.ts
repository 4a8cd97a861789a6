import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { type AuditRow, tellingPart } from './audit.ts';
import type { Db } from './database.ts';
import { OperationEntity, type OperationKind, OperationStepEntity, type OperationStatus } from './entities/intent.ts';
import { type Fence, FENCED, fenceMoved, requireFence } from './fence.ts';
import { type ResourceRow, savingPart } from './resources.ts';
import { countMatches, type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { assignments, columnName, givenRows, insertColumns, jsonText, type Part } from './statement.ts';
import { type Row, tableOf, type Where } from './table.ts';

export type { OperationKind, OperationStatus };
export type OperationRow = Row<typeof OperationEntity>;
export type OperationStepRow = Row<typeof OperationStepEntity>;

/** One line of the journal. */
export interface JournalStep {
  readonly step: string;
  readonly at: Date;
  readonly detail?: Json | undefined;
}

const operations = tableOf(OperationEntity, ['request', 'prior', 'plan', 'result']);
const steps = tableOf(OperationStepEntity);
const jsonColumns: ReadonlySet<string> = new Set(['diagnostics', 'decision', 'review']);

const search: SearchSpec<OperationRow> = {
  fields: {
    resourceID: { column: 'resourceId', kind: 'TEXT' },
    type: { column: 'type', kind: 'TEXT' },
    provider: { column: 'provider', kind: 'TEXT' },
    version: { column: 'version', kind: 'TEXT' },
    kind: { column: 'kind', kind: 'TEXT' },
    status: { column: 'status', kind: 'TEXT' },
    createdAt: { column: 'createdAt', kind: 'TIME' },
  },
  text: ['resourceId', 'id', 'type'],
  newest: 'id',
};

/** A page of one project's operations, newest first. */
export function searchOperations(db: Db, project: string, input: SearchInput): Promise<Page<OperationRow>> {
  return searchPage(db, operations, search, { project }, input);
}

export function countOperations(db: Db, project: string, input: SearchInput): Promise<number> {
  return countMatches(db, operations, search, { project }, input);
}

/** Operations that fit, newest first unless the oldest are asked for first. */
export function findOperations(
  db: Db,
  where: Where<OperationRow>,
  { oldestFirst = false, ...page }: { limit: number; offset?: number; oldestFirst?: boolean },
): Promise<OperationRow[]> {
  return operations.find(db, where, { orderBy: { id: oldestFirst ? 'asc' : 'desc' }, ...page });
}

export function countOperationsWhere(db: Db, where: Where<OperationRow>): Promise<number> {
  return operations.count(db, where);
}

export function findOperation(db: Db, project: string, id: string): Promise<OperationRow | undefined> {
  return operations.findOne(db, { project, id });
}

/**
 * Operations that a server works on, or should: those whose lease has run out at `now`, or all of them without it. One
 * that waits for a person, or was reviewed and waits to be resumed, has no lease and is not among them.
 */
export function findAbandonedOperations(db: Db, now: Date | undefined): Promise<OperationRow[]> {
  const lease = now === undefined ? { $ne: null } : { $lte: now };
  const atWork = ['QUEUED', 'PLANNING', 'APPLYING', 'AWAITING_CONFIRMATION'] as const; // the last one while it is planned again
  const where = { status: { $in: [...atWork] }, leaseUntil: lease };
  return operations.find(db, where, { orderBy: { id: 'asc' } });
}

/** Operations that waited for a person too long: unconfirmed at `now`, or left since `reviewedBefore`. */
export function findExpiredOperations(db: Db, now: Date, reviewedBefore: Date): Promise<OperationRow[]> {
  const where = {
    $or: [
      { status: 'AWAITING_CONFIRMATION' as const, leaseUntil: null, confirmationUntil: { $lte: now } },
      { status: 'PENDING_REVIEW' as const, updatedAt: { $lte: reviewedBefore } },
      { status: 'QUEUED' as const, leaseUntil: null, updatedAt: { $lte: reviewedBefore } },
    ],
  };
  return operations.find(db, where, { orderBy: { id: 'asc' } });
}

/** Which operations of a project are looked at. */
export interface WorkWanted {
  readonly project: string;
  /** Every resource when absent. */
  readonly resources?: readonly string[];
  /** Every kind when absent. */
  readonly kinds?: readonly OperationKind[];
  readonly except?: { readonly operation?: string | undefined; readonly changeSet?: string };
}

/**
 * An operation that a server works on: planning or acting, or one that waited for its turn or for a person and was taken
 * up, which only its lease shows.
 *
 * @param alsoIn further statuses that count
 */
export async function findWork(
  db: Db,
  { project, resources, kinds, except = {} }: WorkWanted,
  alsoIn: readonly OperationStatus[] = [],
): Promise<OperationRow | undefined> {
  const marks = (values: readonly string[]): string => values.map(() => '?').join(', ');
  const among = (column: string, values: readonly string[] | undefined): string =>
    values === undefined ? '' : `and ${column} in (${marks(values)})`;
  const statuses = ['PLANNING', 'APPLYING', ...alsoIn];
  const [found] = await operations.execute(
    db,
    `select * from intent_operation where project = ? ${among('resource_id', resources)} ${among('kind', kinds)}
      and id <> ? and coalesce(change_set, '') <> ? and finished_at is null and (status in (${marks(statuses)})
        or (status in ('QUEUED', 'PLANNED', 'AWAITING_CONFIRMATION') and lease_until is not null)) limit 1`,
    [project, ...(resources ?? []), ...(kinds ?? []), except.operation ?? '', except.changeSet ?? '-', ...statuses],
  );
  return found;
}

/** The journal in order. */
export function findSteps(db: Db, operation: string): Promise<OperationStepRow[]> {
  return steps.find(db, { operationId: operation }, { orderBy: { seq: 'asc' } });
}

/**
 * Records a new operation and its first step in one statement.
 *
 * @throws PROJECT_LOCKED when the fence of the row is no longer the project's
 */
export async function insertOperation(db: Db, operation: OperationRow, step: JournalStep): Promise<void> {
  const { names, marks, values } = insertColumns(operations.seal(db, operation.id, operation), jsonColumns);
  const [result] = await db.execute<{ added: number }>(
    `with ${FENCED},
      added as (insert into intent_operation (${names}) select ${marks} from fenced returning id),
      noted as (insert into operation_step (operation_id, seq, step, at, detail)
        select id, 1, ?, ?::timestamptz, ?::jsonb from added)
      select count(*)::int as added from added`,
    [operation.project, operation.fence, ...values, ...stepValues(step)],
  );
  if (result?.added !== 1) throw fenceMoved(operation.project);
}

/** A new operation and the first lines of its journal. */
export interface NewOperation {
  readonly row: OperationRow;
  readonly journal: readonly JournalStep[];
}

const ROWS_A_STATEMENT = 100;

/** Records many operations at once. The caller has seen to the fence, in the same transaction. */
export async function insertOperations(db: Db, added: readonly NewOperation[]): Promise<void> {
  for (let at = 0; at < added.length; at += ROWS_A_STATEMENT) {
    const some = added.slice(at, at + ROWS_A_STATEMENT);
    const sealed = some.map(({ row }) => operations.seal(db, row.id, { ...row }));
    const { names, table, values } = givenRows(sealed, everyColumn, types);
    await db.execute(`insert into intent_operation (${names}) select * from ${table}`, values);
    await addLines(
      db,
      some.map(({ row, journal }) => ({ id: row.id, journal })),
    );
  }
}

/** Writes the next lines of several journals. */
async function addLines(
  db: Db,
  journals: readonly { readonly id: string; readonly journal: readonly JournalStep[] }[],
): Promise<void> {
  const lines = journals.flatMap(({ id, journal }) =>
    journal.map((step, at) => ({ ...step, operationId: id, seq: at + 1 })),
  );
  if (lines.length === 0) return;
  const { names, table, values } = givenRows(lines, ['operationId', 'seq', 'step', 'at', 'detail'], lineTypes);
  await db.execute(
    `insert into operation_step (${names})
      select operation_id, seq + (select coalesce(max(own.seq), 0) from operation_step own
        where own.operation_id = given.operation_id), step, at, detail from ${table}`,
    values,
  );
}

const lineTypes = { seq: 'integer', at: 'timestamptz', detail: 'jsonb' } as const;

const everyColumn = Object.keys(OperationEntity.meta.properties);
const types = {
  request: 'bytea', prior: 'bytea', plan: 'bytea', result: 'bytea', diagnostics: 'jsonb', decision: 'jsonb',
  review: 'jsonb', fence: 'bigint', changePosition: 'integer', confirmationUntil: 'timestamptz',
  leaseUntil: 'timestamptz', createdAt: 'timestamptz', updatedAt: 'timestamptz', finishedAt: 'timestamptz',
  cancelRequestedAt: 'timestamptz',
} as const; // prettier-ignore

/** The last attempt at each change of a change set, in order of the changes. */
export function findMembers(db: Db, changeSet: string): Promise<OperationRow[]> {
  const sql = `select distinct on (change_position) * from intent_operation where change_set = ?
    order by change_position, id desc`;
  return operations.execute(db, sql, [changeSet]);
}

/** Gives the operations of a change set that wait for their turn a lease, so that nothing else is begun on them. */
export async function leaseMembers(db: Db, changeSet: string, leaseUntil: Date | undefined): Promise<void> {
  await db.execute(`update intent_operation set lease_until = ? where change_set = ? and status = 'PLANNED'`, [
    leaseUntil ?? null,
    changeSet,
  ]);
}

/** Ends operations of a change set that were planned and are not begun any more, each with its reason. */
export async function cancelMembers(
  db: Db,
  changeSet: string,
  reasons: ReadonlyMap<string, string>,
  at: Date,
): Promise<void> {
  const entries = [...reasons];
  for (let from = 0; from < entries.length; from += ROWS_A_STATEMENT) {
    const some = entries.slice(from, from + ROWS_A_STATEMENT);
    await db.execute(
      `with reasons (id, failure) as (values ${some.map(() => '(?::text, ?::text)').join(', ')}),
        ended as (update intent_operation set status = 'CANCELED', failure = reasons.failure, lease_until = null,
            updated_at = ?::timestamptz, finished_at = ?::timestamptz
          from reasons where intent_operation.id = reasons.id and change_set = ? and status = 'PLANNED'
          returning intent_operation.id)
        insert into operation_step (operation_id, seq, step, at)
          select ended.id, (select coalesce(max(seq), 0) + 1 from operation_step where operation_id = ended.id),
            'notBegun', ?::timestamptz from ended`,
      [...some.flat(), at, at, changeSet, at],
    );
  }
}

/** What changes about one operation. */
export interface OperationChange {
  /** The fence is the lock holder's; `undefined` for an operation that waits, for which nobody holds the lock. */
  readonly target: { readonly project: string; readonly id: string; readonly fence: number | undefined };
  /** Statuses it may have; another one means that somebody else moved it on. */
  readonly expected: readonly OperationStatus[];
  readonly changes: Partial<OperationRow>;
  /** The journal's next lines. */
  readonly journal: readonly [JournalStep, ...JournalStep[]];
}

/** Rows that go with a change of an operation. */
export interface Belongings {
  readonly resource?: ResourceRow | undefined;
  readonly receipt?: AuditRow | undefined;
}

/** Changes an operation and writes the journal's next lines, as `changeWithBelongings` does. */
export function changeOperation(
  db: Db,
  target: OperationChange['target'],
  expected: readonly OperationStatus[],
  changes: Partial<OperationRow>,
  ...journal: OperationChange['journal']
): Promise<void> {
  return changeWithBelongings(db, { target, expected, changes, journal }, {});
}

/**
 * Changes an operation, and writes the journal's next lines and what belongs to the change, all in one statement: all of
 * it holds or nothing, without a transaction of several round trips.
 *
 * @throws PROJECT_LOCKED when the fence moved; CONFLICT when the status is another
 */
export async function changeWithBelongings(
  db: Db,
  change: OperationChange,
  { resource, receipt }: Belongings,
): Promise<void> {
  const { project, id } = change.target;
  const parts = changeParts(db, change);
  if (resource !== undefined) parts.push(savingPart(db, [resource], 'changed'));
  if (receipt !== undefined) parts.push(tellingPart(receipt));
  const [result] = await db.execute<{ fenced: number; changed: number }>(
    `with ${parts.map(({ sql }) => sql).join(', ')}
      select (select count(*)::int from fenced) as fenced, (select count(*)::int from changed) as changed`,
    parts.flatMap(({ values }) => values),
  );
  if (result?.fenced !== 1) throw fenceMoved(project);
  if (result.changed !== 1) throw movedOn(id);
}

function changeParts(db: Db, { target, expected, changes, journal }: OperationChange): Part[] {
  const { project, id, fence } = target;
  const set = assignments(operations.seal(db, id, changes), jsonColumns);
  return [
    fence === undefined ? { sql: 'fenced as (select 1)', values: [] } : { sql: FENCED, values: [project, fence] },
    {
      sql: `changed as (update intent_operation set ${set.text} where id = ? and project = ?
        and status in (${expected.map(() => '?').join(', ')}) and exists (select 1 from fenced) returning id)`,
      values: [...set.values, id, project, ...expected],
    },
    {
      sql: `noted as (insert into operation_step (operation_id, seq, step, at, detail)
        select changed.id, (select coalesce(max(seq), 0) from operation_step where operation_id = ?) + lines.seq,
          lines.step, lines.at, lines.detail
        from changed, (values ${journal.map(() => '(?::integer, ?, ?::timestamptz, ?::jsonb)').join(', ')})
          as lines (seq, step, at, detail))`,
      values: [id, ...journal.flatMap((step, at) => [at + 1, ...stepValues(step)])],
    },
  ];
}

function movedOn(id: string): AppError {
  const message = `operation ${id} has moved on meanwhile; read it again`;
  return new AppError('CONFLICT', message, { details: { operation: id } });
}

/** One operation's part of a statement that moves several. */
export interface OperationMove {
  readonly id: string;
  readonly expected: readonly OperationStatus[];
  readonly changes: Partial<OperationRow>;
  readonly journal: readonly JournalStep[];
}

/**
 * Changes several operations of one project and writes their journals.
 *
 * @throws PROJECT_LOCKED when the fence moved; CONFLICT when the status of one is another
 */
export async function changeOperations(db: Db, fence: Fence, moves: readonly OperationMove[]): Promise<void> {
  const alike = Map.groupBy(moves, ({ expected, changes }) => [...expected, ...Object.keys(changes)].join());
  for (const some of alike.values()) await changeAlike(db, fence, some);
  await addLines(db, moves);
}

/** @param moves all of the same columns and from the same statuses */
async function changeAlike(db: Db, fence: Fence, moves: readonly OperationMove[]): Promise<void> {
  const [first] = moves;
  if (first === undefined) return;
  const columns = Object.keys(first.changes);
  const sealed = moves.map(({ id, changes }) => ({ ...operations.seal(db, id, changes), id }));
  const { table, values } = givenRows(sealed, ['id', ...columns], types);
  const sets = columns.map(columnName).map((name) => `${name} = given.${name}`);
  const changed = await db.execute<{ id: string }>(
    `with ${FENCED} update intent_operation set ${sets.join(', ')} from fenced, ${table}
      where intent_operation.id = given.id and project = ?
        and intent_operation.status in (${first.expected.map(() => '?').join(', ')}) returning intent_operation.id`,
    [fence.project, fence.fence, ...values, fence.project, ...first.expected],
  );
  if (changed.length === moves.length) return;
  await requireFence(db, fence);
  const moved = new Set(changed.map(({ id }) => id));
  throw movedOn(moves.find(({ id }) => !moved.has(id))?.id ?? '');
}

/**
 * Says that the server still works on the operation, also when the project was taken from it meanwhile: what its provider
 * does then is not over yet.
 *
 * @returns whether somebody asked for its end
 */
export async function renewLease(db: Db, target: Fence & { readonly id: string }, until: Date): Promise<boolean> {
  const rows = await db.execute<{ asked: boolean }>(
    `update intent_operation set lease_until = ? where id = ? and project = ? and fence = ? and finished_at is null
      and lease_until is not null returning cancel_requested_at is not null as asked`,
    [until, target.id, target.project, target.fence],
  );
  return rows[0]?.asked === true;
}

/** Leaves word for the server that works on the operation. @returns false when nobody does any more */
export async function askForEnd(db: Db, { project, id }: OperationRow, at: Date): Promise<boolean> {
  const rows = await db.execute(
    `update intent_operation set cancel_requested_at = ? where id = ? and project = ? and finished_at is null
      and lease_until is not null and status in ('QUEUED', 'PLANNING', 'APPLYING') returning id`,
    [at, id, project],
  );
  return rows.length === 1;
}

function stepValues(step: JournalStep): unknown[] {
  return [step.step, step.at, jsonText(step.detail)];
}
