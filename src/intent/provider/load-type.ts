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

/**
 * Installs the provider of a type if need be and finds the type's schema, stored or read now.
 *
 * @throws BAD_INPUT for an unknown type; whatever the catalogue says of an unknown or refused provider; FORBIDDEN when the
 *   schema is not stored and the caller may not install
 */
export async function loadType(domain: DomainContext, request: Request, name: TypeName): Promise<LoadedType> {
  const chosen = await chosenBinary(domain, request, name.provider, name.version);
  const binary = chosen.binary ?? (await chooseBinary(domain, chosen.address, chosen.version));
  const key = `${binary.sha256} ${binary.path} ${name.kind} ${name.type}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const program = { address: binary.address, version: binary.version, sha256: binary.sha256, binary };
  const schema = await typeSchema(domain, program, name.kind, name.type);
  if (schema === undefined) throw await noSuchType(domain, program, name.kind, name.type);
  const loaded = loadedType({
    type: name.type,
    binary,
    schema,
    provider: await providerConfiguration(domain, program),
    capabilities: readCapabilities(await serverCapabilities(domain, program)),
  });
  kept.set(key, loaded);
  return loaded;
}

function readCapabilities(stored: unknown): { planDestroy: boolean; schemaOptional: boolean } {
  const record = isJsonObject(stored) ? stored : {};
  return { planDestroy: record['planDestroy'] === true, schemaOptional: record['schemaOptional'] === true };
}
