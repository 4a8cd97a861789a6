import type { CtyType, IdentitySchema, NestedBlock, SchemaAttribute } from '../../providers/index.ts';
import type { Json, JsonObject } from '../../shared/json.ts';

/** Which attributes and blocks to describe, and how much of them. */
export interface BlockFilter {
  /** Words that a name or description must hold; all of them, in any order. */
  readonly words: readonly string[];
  readonly requiredOnly: boolean;
  /** How many levels of what is nested are described. */
  readonly depth: number;
  /** Without descriptions, an attribute in one line. */
  readonly compact: boolean;
}

export interface DescribedBlock {
  readonly properties: JsonObject;
  /** Paths of what has an inside that is not described. */
  readonly leftOut: readonly string[];
}

const everything: BlockFilter = { words: [], requiredOnly: false, depth: Infinity, compact: false };

/** A block in a form made for reading: what is false or empty is left out. */
export function describeBlock(block: Members, filter: Partial<BlockFilter> = {}, path = ''): DescribedBlock {
  const leftOut: string[] = [];
  const properties = describeMembers(block, { filter: { ...everything, ...filter }, path, level: 0, leftOut });
  return { properties, leftOut };
}

/** What an object consists of, be it a block or an attribute with attributes of its own. */
export interface Members {
  readonly attributes: readonly SchemaAttribute[];
  readonly blocks: readonly NestedBlock[];
}

/** The inside of a nested block or attribute, by the names on the way to it; undefined where there is none. */
export function insideOf(block: Members, [name, ...rest]: readonly string[]): Members | undefined {
  if (name === undefined) return block;
  const nested = block.attributes.find((each) => each.name === name)?.nested;
  const inside = nested === undefined ? block.blocks.find((each) => each.name === name)?.block : membersOf(nested);
  return inside === undefined ? undefined : insideOf(inside, rest);
}

/** Names of nested blocks and attributes. */
export function nestedNames({ attributes, blocks }: Members): string[] {
  return [...attributes.filter(({ nested }) => nested !== undefined), ...blocks].map(({ name }) => name);
}

function membersOf({ attributes }: NonNullable<SchemaAttribute['nested']>): Members {
  return { attributes, blocks: [] };
}

/** Names of what must be given, blocks included. */
export function requiredOf(block: Members): string[] {
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

/** Where in a schema a description is, and what it is to hold. */
interface Place {
  readonly filter: BlockFilter;
  readonly path: string;
  readonly level: number;
  readonly leftOut: string[];
}

function describeMembers({ attributes, blocks }: Members, place: Place): JsonObject {
  const described = [
    ...attributes.map((attribute) => [attribute.name, describeAttribute(attribute, place)] as const),
    ...blocks.map((block) => [block.name, describeNestedBlock(block, place)] as const),
  ];
  return Object.fromEntries(described.filter((each): each is [string, Json] => each[1] !== undefined));
}

function describeAttribute(attribute: SchemaAttribute, place: Place): Json | undefined {
  const { nested, description, required } = attribute;
  const inside = nested === undefined ? undefined : membersOf(nested);
  const found = describeInside(attribute.name, { description, required, inside }, place);
  if (found === undefined) return undefined;
  const marks = { sensitive: attribute.sensitive, write_only: attribute.writeOnly, deprecated: attribute.deprecated };
  const { compact } = place.filter;
  if (compact && nested === undefined) {
    return [formatType(attribute.type), usageOf(attribute), ...Object.keys(flags(marks))].join(' ');
  }
  return {
    ...(nested === undefined || !compact ? { type: shortType(attribute, found) } : {}),
    required,
    usage: usageOf(attribute),
    ...flags(marks),
    ...(nested === undefined ? {} : { nesting: nested.nesting.toLowerCase() }),
    ...found,
    ...(compact || description === '' ? {} : { description }),
  };
}

/** The type of a large attribute says again all that is inside it. */
function shortType({ type }: SchemaAttribute, found: JsonObject): string {
  const text = formatType(type);
  return Object.hasOwn(found, 'left_out') && text.length > 100 ? `${text.slice(0, text.indexOf('{') + 1)}…` : text;
}

function describeNestedBlock(
  { name, nesting, minItems, maxItems, block }: NestedBlock,
  place: Place,
): Json | undefined {
  const required = minItems > 0;
  const found = describeInside(name, { description: block.description, required, inside: block }, place);
  if (found === undefined) return undefined;
  return {
    is_block: true,
    nesting: nesting.toLowerCase(),
    required,
    ...(minItems > 0 ? { min_items: minItems } : {}),
    ...(maxItems > 0 ? { max_items: maxItems } : {}),
    ...flags({ deprecated: block.deprecated }),
    ...found,
    required_properties: requiredOf(block),
    ...(place.filter.compact || block.description === '' ? {} : { description: block.description }),
  };
}

interface Subject {
  readonly description: string;
  readonly required: boolean;
  readonly inside: Members | undefined;
}

/**
 * What is inside, as far as it is wanted: all of it where the subject itself is meant, else what is meant of it.
 *
 * @returns undefined when nothing of it is wanted
 */
function describeInside(
  name: string,
  { description, required, inside }: Subject,
  place: Place,
): JsonObject | undefined {
  const { filter, level, leftOut } = place;
  if (filter.requiredOnly && !required) return undefined;
  const text = `${name} ${description}`.toLowerCase();
  const isMeant = filter.words.every((word) => text.includes(word));
  if (inside === undefined) return isMeant ? {} : undefined;
  const path = place.path === '' ? name : `${place.path}.${name}`;
  const inner = { leftOut, path, level: level + 1, filter: isMeant ? { ...filter, words: [] } : filter };
  if (level < filter.depth) {
    const properties = describeMembers(inside, inner);
    return isMeant || Object.keys(properties).length > 0 ? { properties } : undefined;
  }
  const hidden = { ...inner, filter: { ...inner.filter, depth: Infinity }, leftOut: [] };
  const count = Object.keys(describeMembers(inside, hidden)).length;
  if (count === 0 && !isMeant) return undefined;
  if (count > 0) leftOut.push(path);
  return { left_out: count };
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
