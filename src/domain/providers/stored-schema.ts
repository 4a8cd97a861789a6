import { LRUCache } from 'lru-cache';

import type { ProviderBinary, ResourceSchema, SchemaBlock, SchemaPart } from '../../providers/index.ts';
import { invariant } from '../../shared/errors.ts';
import { asJson, type Json } from '../../shared/json.ts';
import {
  type BinaryKey,
  findBinary,
  findSchema,
  insertBinary,
  insertSchemas,
  type SchemaKind,
  type StoredSchema,
} from '../../storage/provider-schemas.ts';
import type { DomainContext } from '../context.ts';

// Schemas are named by the hash of the program they were read from, so a kept one is never stale.
const kept = new LRUCache<string, ResourceSchema>({ max: 500 });
const PARTS_PER_INSERT = 20; // some ten to a hundred kB a statement at the sizes that large providers have

interface ServerCapabilities {
  readonly schemaOptional: boolean;
}

/**
 * The schema of one type. A program seen for the first time is started once and read in full; its types are stored one
 * by one, so that no process ever holds a large schema.
 *
 * @returns undefined when the provider has no such type
 */
export async function typeSchema(
  context: DomainContext,
  program: BinaryKey & { readonly binary?: ProviderBinary | undefined },
  kind: SchemaKind,
  type: string,
): Promise<ResourceSchema | undefined> {
  const name = `${program.sha256} ${kind} ${type}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  await storeSchemas(context, program);
  const stored = await context.storage.read((db) => findSchema(db, program, kind, type));
  if (stored === undefined) return undefined;
  const schema = asSchema(stored);
  kept.set(name, schema);
  return schema;
}

/** The block that configures the provider itself. */
export async function providerConfiguration(
  context: DomainContext,
  program: BinaryKey & { readonly binary?: ProviderBinary | undefined },
): Promise<SchemaBlock> {
  const schema = await typeSchema(context, program, 'PROVIDER', '');
  invariant(schema !== undefined, `the stored schema of ${program.address} has no configuration block`);
  return schema.block;
}

/** What the provider said that it can do, as stored with its schema. */
export async function serverCapabilities(context: DomainContext, program: BinaryKey): Promise<Json> {
  return (await context.storage.read((db) => findBinary(db, program)))?.capabilities ?? {};
}

/** Readings under way, by program: each takes a process and much memory, so those who come meanwhile wait for it. */
const readings = new WeakMap<DomainContext['storage'], Map<string, Promise<void>>>();

/**
 * Reads and stores a program's schema unless that was done before. Two servers at once do the work twice, to one result.
 */
export async function storeSchemas(
  context: DomainContext,
  program: BinaryKey & { readonly binary?: ProviderBinary | undefined },
): Promise<void> {
  if ((await context.storage.read((db) => findBinary(db, program))) !== undefined) return;
  const { binary } = program;
  invariant(binary !== undefined, 'a schema that is not stored needs an installed provider');
  const underWay = readings.get(context.storage) ?? new Map<string, Promise<void>>();
  readings.set(context.storage, underWay);
  const key = [program.address, program.version, program.sha256].join(' ');
  const reading = underWay.get(key) ?? readAndStore(context, program, binary).finally(() => underWay.delete(key));
  underWay.set(key, reading);
  await reading;
}

async function readAndStore(context: DomainContext, program: BinaryKey, binary: ProviderBinary): Promise<void> {
  const capabilities = await storeParts(context, program, binary);
  await context.storage.transaction((db) =>
    insertBinary(db, {
      address: program.address,
      version: program.version,
      sha256: program.sha256,
      protocol: 0, // told by the handshake of each process; kept for people who look at the table
      capabilities: { ...capabilities },
      readAt: context.clock.now(),
    }),
  );
}

async function storeParts(context: DomainContext, key: BinaryKey, binary: ProviderBinary): Promise<ServerCapabilities> {
  let pending: StoredSchema[] = [];
  let capabilities: ServerCapabilities = { schemaOptional: false };
  const flush = async (): Promise<void> => {
    const entries = pending;
    pending = [];
    await context.storage.transaction((db) => insertSchemas(db, key, entries));
  };
  await context.executor.streamSchema(binary, async (part) => {
    if (part.kind === 'provider') capabilities = part.serverCapabilities;
    pending.push(entryOf(part));
    if (pending.length >= PARTS_PER_INSERT) await flush();
  });
  await flush();
  return capabilities;
}

function entryOf(part: SchemaPart): StoredSchema {
  if (part.kind === 'provider') {
    return { kind: 'PROVIDER', type: '', schema: asJson({ version: 0, block: part.block }), search: '' };
  }
  const kind = part.kind === 'resource' ? 'RESOURCE' : 'DATA_SOURCE';
  const search = `${part.type} ${part.type.replaceAll('_', ' ')} ${part.schema.block.description}`.toLowerCase();
  return { kind, type: part.type, schema: asJson(part.schema), search };
}

// The way out of the store is here and nowhere else; what is in there went in as a schema.
const asSchema = (stored: Json): ResourceSchema => stored as unknown as ResourceSchema;
