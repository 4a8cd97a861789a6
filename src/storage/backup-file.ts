// A backup is gzipped text. Lines that begin with `#` say what follows, as JSON; every other line is a row of the table
// named last, as PostgreSQL writes it in JSON. The last line counts the rows and carries the checksum of all before it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

import { AppError } from '../shared/errors.ts';
import { isJsonObject, type JsonObject } from '../shared/json.ts';

export interface BackupHeader {
  /** ISO 8601. */
  readonly createdAt: string;
  /** Names of the migrations that its tables have had. */
  readonly schema: readonly string[];
  /** The key-encryption keys without which its secrets stay closed. */
  readonly keyIds: readonly string[];
}

/** What follows the rows, since numbers are handed out while rows are read. */
export type Sequences = Readonly<Record<string, string>>;

export type BackupPart =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'table'; readonly table: string; readonly columns: readonly string[] }
  | { readonly kind: 'row'; readonly row: string }
  | { readonly kind: 'sequences'; readonly sequences: Sequences };

const FORMAT = 'sluice-backup-1';

/** The lines of a backup file, the last one included. Returns how many of them are rows. */
export async function* formatBackup(parts: AsyncIterable<BackupPart>): AsyncGenerator<string, number> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const part of parts) {
    if (part.kind === 'row') rows += 1;
    const line = `${formatPart(part)}\n`;
    hash.update(line);
    yield line;
  }
  yield `#${JSON.stringify({ end: { rows, sha256: hash.digest('hex') } })}\n`;
  return rows;
}

function formatPart(part: BackupPart): string {
  switch (part.kind) {
    case 'row':
      return part.row;
    case 'header':
      return `#${JSON.stringify({ format: FORMAT, ...part.header })}`;
    case 'table':
      return `#${JSON.stringify({ table: part.table, columns: part.columns })}`;
    case 'sequences':
      return `#${JSON.stringify({ sequences: part.sequences })}`;
  }
}

/**
 * Reads a backup to its end.
 *
 * @throws BAD_INPUT when it is no backup, cut short or altered; what was read before is then worth nothing
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart> {
  const hash = createHash('sha256');
  let [rows, ended] = [0, false];
  for await (const line of linesOf(file)) {
    if (ended) throw unusable(file, 'goes on after its end');
    if (!line.startsWith('#')) rows += 1;
    const meta = line.startsWith('#') ? parseMeta(file, line.slice(1)) : undefined;
    if (meta !== undefined && isJsonObject(meta['end'])) {
      const { rows: counted, sha256 } = meta['end'];
      if (counted !== rows || sha256 !== hash.digest('hex')) throw unusable(file, 'was altered: its checksum differs');
      ended = true;
      continue;
    }
    hash.update(`${line}\n`);
    yield meta === undefined ? { kind: 'row', row: line } : parsePart(file, meta);
  }
  if (!ended) throw unusable(file, 'is cut short');
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const text = createGunzip();
  source.once('error', (error) => text.destroy(error));
  try {
    yield* createInterface({ input: source.pipe(text), crlfDelay: Infinity });
  } catch (error) {
    throw unusable(file, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    source.destroy();
  }
}

function parseMeta(file: string, text: string): JsonObject {
  try {
    const meta: unknown = JSON.parse(text);
    if (isJsonObject(meta)) return meta;
  } catch {
    // told below
  }
  throw unusable(file, 'holds a line that is none of a backup');
}

function parsePart(file: string, meta: JsonObject): BackupPart {
  const { format, table, sequences } = meta;
  if (format === FORMAT) return { kind: 'header', header: parseHeader(file, meta) };
  if (typeof table === 'string') return { kind: 'table', table, columns: texts(file, meta, 'columns') };
  if (isJsonObject(sequences)) {
    return { kind: 'sequences', sequences: Object.fromEntries(Object.entries(sequences).map(asText)) };
  }
  throw unusable(file, 'is no backup that this version can read');
}

function parseHeader(file: string, meta: JsonObject): BackupHeader {
  const { createdAt } = meta;
  return {
    createdAt: typeof createdAt === 'string' ? createdAt : '',
    schema: texts(file, meta, 'schema'),
    keyIds: texts(file, meta, 'keyIds'),
  };
}

function texts(file: string, meta: JsonObject, name: string): string[] {
  const list = meta[name];
  if (Array.isArray(list)) return list.map(String);
  throw unusable(file, `lacks ${name}`);
}

const asText = ([name, value]: [string, unknown]): [string, string] => [name, String(value)];

function unusable(file: string, problem: string): AppError {
  return new AppError('BAD_INPUT', `backup ${file} ${problem}; nothing was changed. Use another backup`);
}
