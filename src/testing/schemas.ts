import {
  CtyNumber,
  type CtyType,
  Dynamic,
  impliedType,
  type NestedBlock,
  normalizeSet,
  type SchemaAttribute,
  type SchemaBlock,
  Unknown,
  type Value,
  type ValueMap,
} from '../providers/index.ts';

type Usage = 'required' | 'optional' | 'computed' | 'optional-computed';
type Flags = Partial<Pick<SchemaAttribute, 'sensitive' | 'writeOnly'>>;

/** An attribute with a plain value. */
export function anAttribute(name: string, usage: Usage, type: CtyType = 'string', flags: Flags = {}): SchemaAttribute {
  return {
    name,
    type,
    required: usage === 'required',
    optional: usage.startsWith('optional'),
    computed: usage.endsWith('computed'),
    sensitive: false,
    writeOnly: false,
    deprecated: false,
    description: '',
    ...flags,
  };
}

type AttributeNesting = NonNullable<SchemaAttribute['nested']>['nesting'];

/** An attribute that is an object, or a list, set or map of objects. */
export function aNestedAttribute(
  name: string,
  usage: Usage,
  nesting: AttributeNesting,
  attributes: readonly SchemaAttribute[],
): SchemaAttribute {
  const element = impliedType(aBlock(attributes));
  const types = { SINGLE: element, LIST: { list: element }, SET: { set: element }, MAP: { map: element } };
  return { ...anAttribute(name, usage, types[nesting]), nested: { nesting, attributes } };
}

export function aBlock(attributes: readonly SchemaAttribute[], blocks: readonly NestedBlock[] = []): SchemaBlock {
  return { attributes, blocks, description: '', deprecated: false };
}

export function aNestedBlock(name: string, nesting: NestedBlock['nesting'], block: SchemaBlock): NestedBlock {
  return { name, nesting, minItems: 0, maxItems: 0, block };
}

type Plain = number | Value | readonly Plain[] | { readonly [key: string]: Plain };

/** The elements as a set keeps them. */
export function aSet(...elements: readonly Plain[]): readonly Value[] {
  return normalizeSet(elements.map(aValue));
}

/** A value from plain data: objects become Maps, numbers exact ones; values that are values already stay. */
export function aValue(plain: Plain): Value {
  if (typeof plain === 'number') return CtyNumber.from(plain);
  if (plain === null || typeof plain !== 'object' || isMade(plain)) return plain;
  if (isList(plain)) return plain.map(aValue);
  return new Map(Object.entries(plain).map(([key, inner]) => [key, aValue(inner)]));
}

function isMade(plain: object): plain is Dynamic | CtyNumber | Unknown | ValueMap {
  return [Dynamic, CtyNumber, Unknown, Map].some((kind) => plain instanceof kind);
}

function isList(plain: object): plain is readonly Plain[] {
  return Array.isArray(plain);
}
