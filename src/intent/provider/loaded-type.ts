import type { ProviderSession } from '../../executor/index.ts';
import {
  type CtyType,
  decodeValue,
  encodeValue,
  impliedType,
  nullValue,
  type ProviderBinary,
  type ResourceSchema,
  type SchemaBlock,
  type Value,
} from '../../providers/index.ts';

/** A resource or data-source type, ready to be worked with: its provider is installed and its schema is known. */
export interface LoadedType {
  readonly type: string;
  readonly binary: ProviderBinary;
  readonly session: ProviderSession;
  readonly schema: ResourceSchema;
  /** The type that values of the schema have. */
  readonly valueType: CtyType;
  /** The provider wants to be asked before a resource is destroyed. */
  readonly planDestroy: boolean;
}

interface Parts {
  readonly type: string;
  readonly binary: ProviderBinary;
  readonly schema: ResourceSchema;
  /** Schema of the provider's own configuration. */
  readonly provider: SchemaBlock;
  readonly capabilities: { readonly planDestroy: boolean; readonly schemaOptional: boolean };
}

/** Puts together what is needed to work with a type. The provider gets an empty configuration and no environment yet. */
export function loadedType({ type, binary, schema, provider, capabilities }: Parts): LoadedType {
  return {
    type,
    binary,
    session: {
      binary,
      configuration: emptyConfiguration(provider),
      environment: {},
      schemaOptional: capabilities.schemaOptional,
    },
    schema,
    valueType: impliedType(schema.block),
    planDestroy: capabilities.planDestroy,
  };
}

function emptyConfiguration(block: SchemaBlock): Uint8Array {
  const attributes = block.attributes.map(({ name }): [string, Value] => [name, null]);
  const blocks = block.blocks.map(({ name, nesting, block: inner }): [string, Value] => [
    name,
    emptyBlock(nesting, inner),
  ]);
  return encodeValue(new Map([...attributes, ...blocks]), impliedType(block));
}

function emptyBlock(nesting: string, block: SchemaBlock): Value {
  if (nesting === 'SINGLE') return null;
  if (nesting === 'GROUP') return new Map(block.attributes.map(({ name }): [string, Value] => [name, null]));
  return nesting === 'MAP' ? new Map() : [];
}

export function encodeFor(loaded: LoadedType, value: Value): Uint8Array {
  return value === null ? nullValue : encodeValue(value, loaded.valueType);
}

/** @throws AppError PROVIDER_FAILED when the bytes do not fit the schema */
export function decodeFor(loaded: LoadedType, bytes: Uint8Array): Value {
  return decodeValue(bytes, loaded.valueType);
}

/** `provider hashicorp/time 0.14.2` */
export function providerName({ binary }: LoadedType): string {
  return `provider ${binary.address} ${binary.version}`;
}
