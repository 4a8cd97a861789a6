import { badInput } from '../shared/errors.ts';
import { isJsonObject } from '../shared/json.ts';
import type { Db } from './database.ts';
import type { Table, Where } from './table.ts';

type Maybe<T> = T | null | undefined;

/** One page of a list, narrowed and sorted; null and absent both mean "no constraint". */
export interface SearchInput {
  readonly first?: Maybe<number>;
  readonly after?: Maybe<string>;
  readonly fullTextSearch?: Maybe<string>;
  readonly predicates?: Maybe<readonly SearchPredicate[]>;
  readonly orderBy?: Maybe<{ readonly field: string; readonly direction: 'ASC' | 'DESC' }>;
}

export interface SearchPredicate {
  readonly field: string;
  readonly constraint: {
    readonly booleanEquals?: Maybe<readonly boolean[]>;
    readonly enumEquals?: Maybe<readonly string[]>;
    readonly stringMatches?: Maybe<readonly string[]>;
  };
  readonly exclude?: Maybe<boolean>;
}

/** How a table may be searched. */
export interface SearchSpec<R> {
  /** API name of a field to its column. LIST columns match when they share a value; only scalars can be sorted by. */
  readonly fields: Readonly<Record<string, { column: keyof R & string; kind: 'TEXT' | 'BOOLEAN' | 'LIST' | 'TIME' }>>;
  /** Columns of the full-text search. */
  readonly text: readonly (keyof R & string)[];
  /** Column of the default order, newest first. */
  readonly newest: keyof R & string;
  /** Columns to leave unread, because lists do not need them and they are large or sealed. */
  readonly columns?: readonly (keyof R & string)[];
}

export interface Page<R> {
  readonly edges: readonly { readonly cursor: string; readonly node: R }[];
  readonly pageInfo: {
    readonly startCursor: string | undefined;
    readonly endCursor: string | undefined;
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
  };
}

interface Order {
  readonly column: string;
  readonly direction: 'ASC' | 'DESC';
}

type Condition = Readonly<Record<string, unknown>>;

const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;
const MAX_PREDICATES = 20;
const MAX_TEXT_LENGTH = 200;

/**
 * Reads one page in the database: nothing outside `narrowed` is looked at.
 *
 * @throws BAD_INPUT naming the argument at fault, also for a field that cannot be searched by
 */
export async function searchPage<R extends object>(
  db: Db,
  table: Table<R>,
  spec: SearchSpec<R>,
  narrowed: Where<R>,
  input: SearchInput,
): Promise<Page<R>> {
  const first = pageSize(input.first);
  const order = orderOf(spec, input);
  const after = input.after ?? undefined;
  const where = [narrowed, ...conditionsOf(spec, input), ...(after === undefined ? [] : [afterCursor(order, after)])];
  const direction = order.direction === 'ASC' ? 'asc' : 'desc';
  const rows = await table.find(db, asWhere<R>({ $and: where }), {
    ...(spec.columns === undefined ? {} : { fields: spec.columns }),
    orderBy: asOrder<R>(
      order.column === 'id' ? [{ id: direction }] : [{ [order.column]: direction }, { id: direction }],
    ),
    limit: first + 1,
  });
  const edges = rows.slice(0, first).map((node) => ({ cursor: cursorOf(order, node), node }));
  return {
    edges,
    pageInfo: {
      startCursor: edges[0]?.cursor,
      endCursor: edges.at(-1)?.cursor,
      hasNextPage: rows.length > first,
      hasPreviousPage: after !== undefined,
    },
  };
}

/** How many rows a search matches on all pages. */
export function countMatches<R extends object>(
  db: Db,
  table: Table<R>,
  spec: SearchSpec<R>,
  narrowed: Where<R>,
  input: SearchInput,
): Promise<number> {
  return table.count(db, asWhere<R>({ $and: [narrowed, ...conditionsOf(spec, input)] }));
}

function pageSize(first: Maybe<number>): number {
  const size = first ?? DEFAULT_PAGE;
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw badInput('input.first', `must be a whole number from 1 to ${MAX_PAGE}`);
  }
  return size;
}

function orderOf<R>(spec: SearchSpec<R>, input: SearchInput): Order {
  if (input.orderBy === undefined || input.orderBy === null) return { column: spec.newest, direction: 'DESC' };
  const field = fieldOf(spec, 'input.orderBy.field', input.orderBy.field);
  if (field.kind === 'LIST') throw badInput('input.orderBy.field', `${input.orderBy.field} cannot be sorted by`);
  return { column: field.column, direction: input.orderBy.direction };
}

function conditionsOf<R>(spec: SearchSpec<R>, input: SearchInput): Condition[] {
  const predicates = input.predicates ?? [];
  if (predicates.length > MAX_PREDICATES) throw badInput('input.predicates', `at most ${MAX_PREDICATES} are taken`);
  const text = input.fullTextSearch?.trim() ?? '';
  return [
    ...(text === '' ? [] : [textCondition(spec, text)]),
    ...predicates.map((one, at) => predicate(spec, one, at)),
  ];
}

// Each word must occur in one of the columns.
function textCondition<R>(spec: SearchSpec<R>, text: string): Condition {
  if (text.length > MAX_TEXT_LENGTH) throw badInput('input.fullTextSearch', `at most ${MAX_TEXT_LENGTH} characters`);
  const words = text.split(/\s+/).map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  return { $and: words.map((word) => ({ $or: spec.text.map((column) => ({ [column]: { $ilike: word } })) })) };
}

function predicate<R>(spec: SearchSpec<R>, one: SearchPredicate, at: number): Condition {
  const where = `input.predicates[${at}]`;
  const { column, kind } = fieldOf(spec, `${where}.field`, one.field);
  const { booleanEquals, enumEquals, stringMatches } = one.constraint;
  const given = [booleanEquals, enumEquals, stringMatches].filter((values) => values !== undefined && values !== null);
  const [values] = given;
  if (given.length !== 1 || values === undefined) throw badInput(`${where}.constraint`, 'must have exactly one key');
  if ((kind === 'BOOLEAN') !== (values === booleanEquals)) {
    const right = kind === 'BOOLEAN' ? 'booleanEquals' : 'enumEquals or stringMatches';
    throw badInput(`${where}.constraint`, `${one.field} takes ${right}`);
  }
  if (kind === 'TIME') throw badInput(`${where}.field`, `${one.field} can be sorted by but not matched`);
  const condition = { [column]: kind === 'LIST' ? { $overlap: [...values] } : { $in: [...values] } };
  return one.exclude === true ? { $not: condition } : condition;
}

function fieldOf<R>(spec: SearchSpec<R>, argument: string, name: string) {
  const field = Object.hasOwn(spec.fields, name) ? spec.fields[name] : undefined;
  if (field === undefined) {
    throw badInput(
      argument,
      `${JSON.stringify(name)} cannot be searched by; one of ${Object.keys(spec.fields).join(', ')} can`,
    );
  }
  return field;
}

function cursorOf(order: Order, node: object): string {
  const value: unknown = Object.getOwnPropertyDescriptor(node, order.column)?.value;
  const id: unknown = Object.getOwnPropertyDescriptor(node, 'id')?.value;
  return Buffer.from(JSON.stringify({ order, value, id })).toString('base64url');
}

function afterCursor(order: Order, cursor: string): Condition {
  const { value, id } = parseCursor(order, cursor);
  const beyond = order.direction === 'ASC' ? '$gt' : '$lt';
  if (order.column === 'id') return { id: { [beyond]: id } };
  return { $or: [{ [order.column]: { [beyond]: value } }, { [order.column]: value, id: { [beyond]: id } }] };
}

function parseCursor(order: Order, cursor: string): { value: unknown; id: string } {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString());
  const { order: made, value, id } = isJsonObject(parsed) ? parsed : {};
  const same = isJsonObject(made) && made['column'] === order.column && made['direction'] === order.direction;
  const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!same || typeof id !== 'string' || !scalar) {
    throw badInput('input.after', 'is no cursor of a page with this order; give the endCursor of the page before');
  }
  return { value, id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Columns are known here only as names that the spec vouches for.
const asWhere = <R>(where: object): Where<R> => where as Where<R>;
const asOrder = <R>(order: object): Exclude<Parameters<Table<R & object>['find']>[2], undefined>['orderBy'] & object =>
  order as never;
