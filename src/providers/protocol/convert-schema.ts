import { AppError } from '../../shared/errors.ts';
import { nestedAttributeType } from '../schema/implied-type.ts';
import type {
  IdentitySchema,
  NestedAttributes,
  NestedBlock,
  ResourceSchema,
  SchemaAttribute,
  SchemaBlock,
  ServerCapabilities,
} from '../schema/resource-schema.ts';
import { parseType } from '../values/index.ts';
import type {
  WireAttribute,
  WireBlock,
  WireCapabilities,
  WireIdentitySchema,
  WireNestedBlock,
  WireNestedObject,
  WireSchema,
} from './messages.ts';

const MAX_DEPTH = 32; // blocks in blocks; real providers reach 12

/** A schema as the protocol carries it, in the form in which we store it. One table for both versions. */
export function convertSchema(wire: WireSchema): ResourceSchema {
  return { version: Number(wire.version), block: convertBlock(wire.block, 0) };
}

/** Absent when a provider has no configuration at all. */
export function convertBlock(wire: WireBlock | null, depth = 0): SchemaBlock {
  if (wire === null) return { attributes: [], blocks: [], description: '', deprecated: false };
  if (depth > MAX_DEPTH) throw badSchema('blocks are nested too deeply');
  return {
    attributes: wire.attributes.map((attribute) => convertAttribute(attribute, depth + 1)),
    blocks: wire.block_types.map((nested) => convertNestedBlock(nested, depth + 1)),
    description: wire.description,
    deprecated: wire.deprecated,
  };
}

function convertAttribute(wire: WireAttribute, depth: number): SchemaAttribute {
  const nested = wire.nested_type ? convertNestedObject(wire.nested_type, depth) : undefined;
  return {
    name: wire.name,
    type: nested === undefined ? parseType(parseJson(wire.type)) : nestedAttributeType(nested),
    ...(nested === undefined ? {} : { nested }),
    required: wire.required,
    optional: wire.optional,
    computed: wire.computed,
    sensitive: wire.sensitive,
    writeOnly: wire.write_only,
    deprecated: wire.deprecated,
    description: wire.description,
  };
}

function convertNestedObject(wire: WireNestedObject, depth: number): NestedAttributes {
  if (wire.nesting === 'INVALID') throw badSchema('an attribute with no nesting mode');
  if (depth > MAX_DEPTH) throw badSchema('attributes are nested too deeply');
  return { nesting: wire.nesting, attributes: wire.attributes.map((inner) => convertAttribute(inner, depth + 1)) };
}

function convertNestedBlock(wire: WireNestedBlock, depth: number): NestedBlock {
  if (wire.nesting === 'INVALID') throw badSchema('a block with no nesting mode');
  return {
    name: wire.type_name,
    nesting: wire.nesting,
    minItems: Number(wire.min_items),
    maxItems: Number(wire.max_items),
    block: convertBlock(wire.block, depth),
  };
}

/** What names objects of a type for good. */
export function convertIdentity(wire: WireIdentitySchema): IdentitySchema {
  return {
    version: Number(wire.version),
    attributes: wire.identity_attributes.map((attribute) => ({
      name: attribute.name,
      type: parseType(parseJson(attribute.type)),
      required: attribute.required_for_import,
      description: attribute.description,
    })),
  };
}

/** What the server said that it can do; a server that says nothing can do nothing extra. */
export function convertCapabilities(wire: WireCapabilities | null): ServerCapabilities {
  return {
    planDestroy: wire?.plan_destroy ?? false,
    schemaOptional: wire?.get_provider_schema_optional ?? false,
    moveState: wire?.move_resource_state ?? false,
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw badSchema('a type that is not JSON', cause);
  }
}

function badSchema(problem: string, cause?: unknown): AppError {
  return new AppError('PROVIDER_FAILED', `the provider's schema cannot be used: ${problem}`, { cause });
}
