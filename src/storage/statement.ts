import { isJsonObject, storableText } from '../shared/json.ts';

// Column lists for statements that the ORM cannot put into one round trip.

/** `name as (…)`: one of the statements that a `with` puts together, and the values of its marks. */
export interface Part {
  readonly sql: string;
  readonly values: readonly unknown[];
}

interface Mark {
  readonly text: string;
  readonly value: unknown;
}

/** `name = ?` for each key; a key that is present with `undefined` empties its column. */
export function assignments(row: Readonly<Record<string, unknown>>, json: ReadonlySet<string>) {
  const parts = Object.entries(row).map(([key, value]) => ({ ...mark(key, value, json), name: columnName(key) }));
  return {
    text: parts.map(({ name, text }) => `${name} = ${text}`).join(', '),
    values: parts.map(({ value }) => value),
  };
}

/** Names, marks and values for an insert. */
export function insertColumns(row: Readonly<Record<string, unknown>>, json: ReadonlySet<string>) {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  const parts = entries.map(([key, value]) => mark(key, value, json));
  return {
    names: entries.map(([key]) => columnName(key)).join(', '),
    marks: parts.map(({ text }) => text).join(', '),
    values: parts.map(({ value }) => value),
  };
}

type SqlType = 'text' | 'bytea' | 'jsonb' | 'timestamptz' | 'integer' | 'bigint';

/**
 * Rows for a statement that writes several: each mark says its type, since a null says none.
 *
 * @param columns keys of the rows, all of the same ones
 * @param types those that are no text
 */
export function typedRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[],
  types: Readonly<Record<string, SqlType>>,
) {
  const marks = columns.map((key) => `?::${types[key] ?? 'text'}`).join(', ');
  return {
    names: columns.map(columnName).join(', '),
    marks,
    values: rows.flatMap((row) => columns.map((key) => typedValue(row[key] ?? null, types[key] ?? 'text'))),
  };
}

/**
 * Rows as a table by the name `given`. Several are one array for each column: the text of the statement is the same for
 * any number of rows, so that it stays prepared.
 *
 * @param columns keys of the rows, all of the same ones
 * @param types those that are no text
 */
export function givenRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[],
  types: Readonly<Record<string, SqlType>>,
) {
  const { names, marks, values } = typedRows(rows, columns, types);
  if (rows.length === 1) return { names, table: `(values (${marks})) as given (${names})`, values };
  const width = columns.length;
  // A driver would write an array in its own way; as text it is the same for all.
  const arrays = columns.map((key) => `?::text::${types[key] ?? 'text'}[]`).join(', ');
  return {
    names,
    table: `unnest(${arrays}) as given (${names})`,
    values: columns.map((_, column) => arrayText(rows.map((__, row) => values[row * width + column]))),
  };
}

/** The database's text of an array. */
function arrayText(values: readonly unknown[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${elementText(value)}"`)).join(',')}}`;
}

function elementText(value: unknown): string {
  if (value instanceof Uint8Array)
    return `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  const text = value instanceof Date ? value.toISOString() : String(value);
  return text.replaceAll(/["\\]/g, String.raw`\$&`);
}

function typedValue(value: unknown, type: SqlType): unknown {
  if (type === 'jsonb') return value === null ? null : jsonText(value);
  return typeof value === 'string' ? storableText(value) : value;
}

// A mark without a type would be text in the select list of an insert.
function mark(key: string, value: unknown, json: ReadonlySet<string>): Mark {
  if (json.has(key)) return { text: '?::jsonb', value: jsonText(value) };
  if (typeof value === 'string') return { text: '?', value: storableText(value) };
  if (value instanceof Date) return { text: '?::timestamptz', value };
  return { text: '?', value: value ?? null };
}

/** `lockUntil` -> `lock_until` */
export function columnName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The text of a jsonb value, without what the database would refuse; null for an empty column. */
export function jsonText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value, (_key, part: unknown) => storablePart(part));
}

function storablePart(part: unknown): unknown {
  if (typeof part === 'string') return storableText(part);
  return isJsonObject(part)
    ? Object.fromEntries(Object.entries(part).map(([key, item]) => [storableText(key), item]))
    : part;
}
