import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';

import type { Json } from '../shared/json.ts';
import type { Db } from './database.ts';
import { ProviderBinaryEntity, ProviderSchemaEntity, type SchemaKind } from './entities/providers.ts';
import { type Row, tableOf } from './table.ts';

export type { SchemaKind };
export type ProviderBinaryRow = Row<typeof ProviderBinaryEntity>;

/** A provider binary whose schemas are stored. */
export interface BinaryKey {
  readonly address: string;
  readonly version: string;
  readonly sha256: string;
}

export interface StoredSchema {
  readonly kind: SchemaKind;
  /** Type name; empty for the provider's own configuration. */
  readonly type: string;
  readonly schema: Json;
  /** What a search by words looks at. */
  readonly search: string;
}

const schemas = tableOf(ProviderSchemaEntity);
const binaries = tableOf(ProviderBinaryEntity);
const pack = promisify(deflate);
const unpack = promisify(inflate);
const CHUNK = 200; // rows a statement: a provider of 1,500 types must not become one text of many megabytes

export function findBinary(db: Db, { address, version, sha256 }: BinaryKey): Promise<ProviderBinaryRow | undefined> {
  return binaries.findOne(db, { address, version, sha256 });
}

/** Programs of a provider whose schemas are stored, the latest reading first. */
export function findBinaries(db: Db, address: string): Promise<ProviderBinaryRow[]> {
  return binaries.find(db, { address }, { orderBy: { readAt: 'desc' } });
}

/** One type's schema; nothing else of the provider is read. */
export async function findSchema(db: Db, key: BinaryKey, kind: SchemaKind, type: string): Promise<Json | undefined> {
  const row = await schemas.findOne(db, { ...whereBinary(key), kind, type });
  return row === undefined ? undefined : parseSchema(await unpack(row.schema));
}

/** Names of the types that hold all the words, in order. */
export async function findTypes(db: Db, key: BinaryKey, kind: SchemaKind, words: readonly string[]): Promise<string[]> {
  const holds = words.map((word) => ({ search: { $ilike: `%${word.replace(/[\\%_]/g, '\\$&')}%` } }));
  const where = { $and: [{ ...whereBinary(key), kind }, ...holds] };
  const rows = await schemas.find(db, where, { orderBy: { type: 'asc' }, fields: ['type'] });
  return rows.map(({ type }) => type);
}

/** Stores all schemas of a binary and then the binary itself: a binary that is there is complete. */
export async function saveSchemas(db: Db, binary: ProviderBinaryRow, rows: readonly StoredSchema[]): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK) {
    await insertSchemas(db, binary, rows.slice(at, at + CHUNK));
  }
  await insertBinary(db, binary);
}

/** Says that all schemas of a binary are stored: the last thing to be written. */
export async function insertBinary(db: Db, binary: ProviderBinaryRow): Promise<void> {
  await binaries.insertUnlessTaken(db, binary);
}

/** Stores some schemas of a binary; those that are there already stay. */
export async function insertSchemas(db: Db, binary: BinaryKey, rows: readonly StoredSchema[]): Promise<void> {
  const values = await Promise.all(
    rows.map(async ({ kind, type, schema, search }) => [
      binary.address,
      binary.version,
      binary.sha256,
      kind,
      type,
      await pack(JSON.stringify(schema)),
      search,
    ]),
  );
  await db.execute(
    `insert into provider_schema (address, version, binary_sha256, kind, type, schema, search)
      values ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')} on conflict do nothing`,
    values.flat(),
  );
}

function whereBinary({ address, version, sha256 }: BinaryKey) {
  return { address, version, binarySha256: sha256 };
}

function parseSchema(bytes: Buffer): Json {
  return JSON.parse(bytes.toString()) as Json;
}
