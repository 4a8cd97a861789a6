import type { CtyType, IdentitySchema, NestedBlock, SchemaAttribute, SchemaBlock } from '../../providers/index.ts';
import type { Json, JsonObject } from '../../shared/json.ts';

/** Which attributes and blocks to describe. */
export interface BlockFilter {
  /** Words that a name or description must hold; all of them, in any order. */
  readonly words: readonly string[];
  readonly requiredOnly: boolean;
}

const everything: BlockFilter = { words: [], requiredOnly: false };

/** A block in a form made for reading: what is false or empty is left out. */
export function describeBlock(block: SchemaBlock, filter: BlockFilter = everything): JsonObject {
  return describeMembers(block.attributes, block.blocks, filter);
}

/** Names of what must be given, blocks included. */
export function requiredOf(block: SchemaBlock): string[] {
  const attributes = block.attributes.filter(({ required }) => required);
  const blocks = block.blocks.filter(({ minItems }) => minItems > 0);
  return [...attributes, ...blocks].map(({ name }) => name);
}

/** What names an object for good, as an import takes it. */
export function describeIdentity({ attributes }: IdentitySchema): JsonObject {
  return Object.fromEntries(
    attributes.map(({ name, type, required, description }) => [
      name,
      { type: formatType(type), required, ...(description === '' ? {} : { description }) },
    ]),
  );
}

function describeMembers(
  attributes: readonly SchemaAttribute[],
  blocks: readonly NestedBlock[],
  filter: BlockFilter,
): JsonObject {
  const described: [string, JsonObject][] = [
    ...attributes
      .filter((attribute) => keeps(filter, attribute.name, attribute.description, attribute.required))
      .map((attribute): [string, JsonObject] => [attribute.name, describeAttribute(attribute, filter)]),
    ...blocks
      .filter((block) => keeps(filter, block.name, block.block.description, block.minItems > 0))
      .map((block): [string, JsonObject] => [block.name, describeNestedBlock(block, filter)]),
  ];
  return Object.fromEntries(described);
}

function keeps({ words, requiredOnly }: BlockFilter, name: string, description: string, required: boolean): boolean {
  const text = `${name} ${description}`.toLowerCase();
  return (!requiredOnly || required) && words.every((word) => text.includes(word));
}

function describeAttribute(attribute: SchemaAttribute, filter: BlockFilter): JsonObject {
  return {
    type: formatType(attribute.type),
    required: attribute.required,
    usage: usageOf(attribute),
    ...flags({ sensitive: attribute.sensitive, write_only: attribute.writeOnly, deprecated: attribute.deprecated }),
    ...(attribute.nested === undefined
      ? {}
      : {
          nesting: attribute.nested.nesting.toLowerCase(),
          properties: describeMembers(attribute.nested.attributes, [], { ...filter, words: [] }),
        }),
    ...(attribute.description === '' ? {} : { description: attribute.description }),
  };
}

function describeNestedBlock(
  { name: _name, nesting, minItems, maxItems, block }: NestedBlock,
  filter: BlockFilter,
): JsonObject {
  return {
    is_block: true,
    nesting: nesting.toLowerCase(),
    required: minItems > 0,
    ...(minItems > 0 ? { min_items: minItems } : {}),
    ...(maxItems > 0 ? { max_items: maxItems } : {}),
    ...flags({ deprecated: block.deprecated }),
    properties: describeBlock(block, { ...filter, words: [] }),
    required_properties: requiredOf(block),
    ...(block.description === '' ? {} : { description: block.description }),
  };
}

function flags(all: Readonly<Record<string, boolean>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(all).filter(([, set]) => set));
}

function usageOf({ required, optional, computed }: SchemaAttribute): string {
  if (required) return 'required';
  if (optional) return computed ? 'optional_computed' : 'optional';
  return 'computed';
}

/** `list(object({name=string, port=number}))` */
export function formatType(type: CtyType): string {
  if (typeof type === 'string') return type;
  if ('list' in type) return `list(${formatType(type.list)})`;
  if ('set' in type) return `set(${formatType(type.set)})`;
  if ('map' in type) return `map(${formatType(type.map)})`;
  if ('tuple' in type) return `tuple([${type.tuple.map(formatType).join(', ')}])`;
  const members = Object.entries(type.object).map(([name, member]) => `${name}=${formatType(member)}`);
  return `object({${members.join(', ')}})`;
}
