import { replaceDeceiving } from '../../shared/deceiving-text.ts';
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
const MAX_DESCRIPTION_LENGTH = 20_000;

// What Terraform allows, and a little more; names are shown, and are keys of what is stored.
const NAME = /^[\w-]{1,256}$/;

/** A schema as the protocol carries it, in the form in which we store it. One table for both versions. */
export function convertSchema(wire: WireSchema): ResourceSchema {
  return { version: convertCount(wire.version), block: convertBlock(wire.block, 0) };
}

/** The name of a type, an attribute or a block. @throws AppError PROVIDER_FAILED */
export function convertName(name: string): string {
  if (NAME.test(name) && name !== '__proto__') return name;
  throw badSchema('a name must be of letters, digits, - and _, at most 256 of them');
}

/** A version, or how many there may be: the protocol has 64 bits for what is small. */
function convertCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw badSchema('a version or a limit that is no plain number');
}

function convertDescription(text: string): string {
  return replaceDeceiving(text.slice(0, MAX_DESCRIPTION_LENGTH), '\ufffd', 'lines and joiners');
}

/** Absent when a provider has no configuration at all. */
export function convertBlock(wire: WireBlock | null, depth = 0): SchemaBlock {
  if (wire === null) return { attributes: [], blocks: [], description: '', deprecated: false };
  if (depth > MAX_DEPTH) throw badSchema('blocks are nested too deeply');
  const attributes = wire.attributes.map((attribute) => convertAttribute(attribute, depth + 1));
  const blocks = wire.block_types.map((nested) => convertNestedBlock(nested, depth + 1));
  requireDifferentNames([...attributes, ...blocks]);
  return { attributes, blocks, description: convertDescription(wire.description), deprecated: wire.deprecated };
}

function requireDifferentNames(parts: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of parts) {
    if (seen.has(name)) throw badSchema(`${name} is there twice`);
    seen.add(name);
  }
}

function convertAttribute(wire: WireAttribute, depth: number): SchemaAttribute {
  const nested = wire.nested_type ? convertNestedObject(wire.nested_type, depth) : undefined;
  return {
    name: convertName(wire.name),
    type: nested === undefined ? parseType(parseJson(wire.type)) : nestedAttributeType(nested),
    ...(nested === undefined ? {} : { nested }),
    required: wire.required,
    optional: wire.optional,
    computed: wire.computed,
    sensitive: wire.sensitive,
    writeOnly: wire.write_only,
    deprecated: wire.deprecated,
    description: convertDescription(wire.description),
  };
}

// A number that no version of the protocol has a name for comes as that number.
function isNesting<Nesting>(nesting: Nesting): nesting is Exclude<Nesting, 'INVALID'> {
  return ['SINGLE', 'LIST', 'SET', 'MAP', 'GROUP'].includes(String(nesting));
}

function convertNestedObject(wire: WireNestedObject, depth: number): NestedAttributes {
  if (!isNesting(wire.nesting)) throw badSchema('an attribute with no nesting mode that is known');
  if (depth > MAX_DEPTH) throw badSchema('attributes are nested too deeply');
  const attributes = wire.attributes.map((inner) => convertAttribute(inner, depth + 1));
  requireDifferentNames(attributes);
  return { nesting: wire.nesting, attributes };
}

function convertNestedBlock(wire: WireNestedBlock, depth: number): NestedBlock {
  if (!isNesting(wire.nesting)) throw badSchema('a block with no nesting mode that is known');
  return {
    name: convertName(wire.type_name),
    nesting: wire.nesting,
    minItems: convertCount(wire.min_items),
    maxItems: convertCount(wire.max_items),
    block: convertBlock(wire.block, depth),
  };
}

/** What names objects of a type for good. */
export function convertIdentity(wire: WireIdentitySchema | null): IdentitySchema {
  if (wire === null) throw badSchema('an identity that is not described');
  const attributes = wire.identity_attributes.map((attribute) => ({
    name: convertName(attribute.name),
    type: parseType(parseJson(attribute.type)),
    required: attribute.required_for_import,
    description: convertDescription(attribute.description),
  }));
  requireDifferentNames(attributes);
  return { version: convertCount(wire.version), attributes };
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

/** The schema is not one. */
export function badSchema(problem: string, cause?: unknown): AppError {
  return new AppError('PROVIDER_FAILED', `the provider's schema cannot be used: ${problem}`, { cause });
}
