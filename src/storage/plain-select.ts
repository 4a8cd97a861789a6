// Most reads ask for rows whose columns equal something. These are written here, in one text for each form of question,
// so that the database may keep it prepared; building a query by the ORM costs more than the database takes to answer.

export interface PlainSelect {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A table as the ORM describes it. */
export interface TableShape {
  readonly tableName: string;
  readonly properties: Readonly<Record<string, { readonly fieldNames?: readonly string[] }>>;
}

export interface PlainOptions {
  readonly orderBy?: unknown;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly fields?: readonly string[] | undefined;
}

/** @returns undefined for a question of another form, which is for the ORM */
export function plainSelect(table: TableShape, where: unknown, options: PlainOptions): PlainSelect | undefined {
  const condition = conditionOf(table, where);
  const order = orderOf(table, options.orderBy);
  const columns = options.fields?.map((field) => columnOf(table, field)) ?? ['*'];
  if (condition === undefined || order === undefined || columns.includes(undefined)) return undefined;
  const parts = [`select ${columns.join(', ')} from ${quoted(table.tableName)}`];
  if (condition.sql !== '') parts.push(`where ${condition.sql}`);
  if (order !== '') parts.push(`order by ${order}`);
  if (options.limit !== undefined) parts.push('limit ?');
  if (options.offset !== undefined) parts.push('offset ?');
  const page = [options.limit, options.offset].filter((value) => value !== undefined);
  return { sql: parts.join(' '), values: [...condition.values, ...page] };
}

function conditionOf(table: TableShape, where: unknown): PlainSelect | undefined {
  if (!isPlainObject(where)) return undefined;
  const conditions = Object.entries(where).map(([key, value]) => comparison(columnOf(table, key), value));
  const known = conditions.filter((each) => each !== undefined);
  if (known.length < conditions.length) return undefined;
  return { sql: known.map(({ sql }) => sql).join(' and '), values: known.flatMap(({ values }) => values) };
}

const signs: ReadonlyMap<string, string> = new Map([['$lt', '<'], ['$lte', '<='], ['$gt', '>'], ['$gte', '>=']]); // prettier-ignore
const MAX_LISTED = 20; // longer lists are rare, and each length is a text of its own

function comparison(column: string | undefined, value: unknown): PlainSelect | undefined {
  if (column === undefined) return undefined;
  if (value === null) return { sql: `${column} is null`, values: [] };
  if (isScalar(value)) return { sql: `${column} = ?`, values: [value] };
  if (!isPlainObject(value)) return undefined;
  const [[operator, operand] = [], ...more] = Object.entries(value);
  if (more.length > 0) return undefined;
  if (operator === '$ne' && operand === null) return { sql: `${column} is not null`, values: [] };
  const sign = operator === undefined ? undefined : signs.get(operator);
  if (sign !== undefined && isScalar(operand)) return { sql: `${column} ${sign} ?`, values: [operand] };
  if (operator !== '$in' || !Array.isArray(operand) || !operand.every(isScalar)) return undefined;
  if (operand.length === 0 || operand.length > MAX_LISTED) return undefined;
  return { sql: `${column} in (${operand.map(() => '?').join(', ')})`, values: operand };
}

function orderOf(table: TableShape, orderBy: unknown): string | undefined {
  const orders: unknown[] = orderBy === undefined ? [] : Array.isArray(orderBy) ? orderBy : [orderBy];
  const parts = orders.flatMap((order) => (isPlainObject(order) ? ordersIn(table, order) : [undefined]));
  return parts.includes(undefined) ? undefined : parts.join(', ');
}

function ordersIn(table: TableShape, order: Record<string, unknown>): (string | undefined)[] {
  return Object.entries(order).map(([key, direction]) => {
    const column = columnOf(table, key);
    return column !== undefined && (direction === 'asc' || direction === 'desc') ? `${column} ${direction}` : undefined;
  });
}

function columnOf({ properties }: TableShape, key: string): string | undefined {
  const name = Object.hasOwn(properties, key) ? properties[key]?.fieldNames?.[0] : undefined;
  return name === undefined ? undefined : quoted(name);
}

const quoted = (name: string): string => `"${name}"`;

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value instanceof Date;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
