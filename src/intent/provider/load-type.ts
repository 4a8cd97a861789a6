import { LRUCache } from 'lru-cache';

import type { DomainContext, Request } from '../../domain/context.ts';
import {
  chooseBinary,
  chosenBinary,
  noSuchType,
  providerConfiguration,
  serverCapabilities,
  typeSchema,
} from '../../domain/providers/index.ts';
import type { ProviderBinary, SchemaBlock } from '../../providers/index.ts';
import { isJsonObject } from '../../shared/json.ts';
import { type LoadedType, loadedType } from './loaded-type.ts';

export interface TypeName {
  readonly provider: string;
  readonly version: string | undefined;
  readonly type: string;
  readonly kind: 'RESOURCE' | 'DATA_SOURCE';
}

// Named by the hash of the program, so a kept one is never stale.
const kept = new LRUCache<string, LoadedType>({ max: 500 });

/** A provider that is installed, with what is known of it. */
export interface Program {
  readonly binary: ProviderBinary;
  /** Schema of its own configuration. */
  readonly configuration: SchemaBlock;
  readonly planDestroy: boolean;
  readonly schemaOptional: boolean;
}

/**
 * Installs a provider if need be and finds its schema, stored or read now.
 *
 * @throws whatever the catalogue says of an unknown or refused provider; FORBIDDEN when the schema is not stored and the
 *   caller may not install
 */
export async function findProgram(
  domain: DomainContext,
  request: Request,
  provider: string,
  version: string | undefined,
): Promise<Program> {
  return programOf(domain, await chooseFor(domain, request, provider, version));
}

/**
 * Installs the provider of a type if need be and finds the type's schema, stored or read now.
 *
 * @throws BAD_INPUT for an unknown type, and as `findProgram` does
 */
export async function loadType(domain: DomainContext, request: Request, name: TypeName): Promise<LoadedType> {
  const binary = await chooseFor(domain, request, name.provider, name.version);
  const key = `${binary.address} ${binary.version} ${binary.sha256} ${binary.path} ${name.kind} ${name.type}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const named = keyOf(binary);
  const schema = await typeSchema(domain, named, name.kind, name.type);
  if (schema === undefined) throw await noSuchType(domain, named, name.kind, name.type);
  const loaded = loadedType(name.type, schema, await programOf(domain, binary));
  kept.set(key, loaded);
  return loaded;
}

async function chooseFor(
  domain: DomainContext,
  request: Request,
  provider: string,
  version: string | undefined,
): Promise<ProviderBinary> {
  const chosen = await chosenBinary(domain, request, provider, version);
  return chosen.binary ?? chooseBinary(domain, request, chosen.address, chosen.version);
}

async function programOf(domain: DomainContext, binary: ProviderBinary): Promise<Program> {
  const configuration = await providerConfiguration(domain, keyOf(binary));
  return { binary, configuration, ...readCapabilities(await serverCapabilities(domain, keyOf(binary))) };
}

function keyOf(binary: ProviderBinary) {
  return { address: binary.address, version: binary.version, sha256: binary.sha256, binary };
}

function readCapabilities(stored: unknown): { planDestroy: boolean; schemaOptional: boolean } {
  const record = isJsonObject(stored) ? stored : {};
  return { planDestroy: record['planDestroy'] === true, schemaOptional: record['schemaOptional'] === true };
}
