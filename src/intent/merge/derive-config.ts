import { type SchemaAttribute, type SchemaBlock, type Value, valueToPlain } from '../../providers/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from './shape.ts';

/**
 * The configuration that an object might have been made from: what can be given and is there. For resources that were
 * imported, of which no configuration is recorded.
 */
export function deriveConfig(schema: SchemaBlock, state: Value): Json {
  // Old providers make `id` settable by accident, and refuse it when it is set.
  const attributes = schema.attributes.filter(({ name, required }) => name !== 'id' || required);
  return settable({ attributes, blocks: schema.blocks }, valueToPlain(state));
}

function settable(shape: Shape, value: Json): Json {
  if (!isJsonObject(value)) return value;
  const attributes = shape.attributes.filter(canBeGiven).map((attribute): [string, Json] => {
    const nest = nestOfAttribute(attribute);
    const given = value[attribute.name] ?? null;
    return [attribute.name, nest === undefined ? given : settableNest(nest, given)];
  });
  const blocks = shape.blocks.map((block): [string, Json] => [
    block.name,
    settableNest(nestOfBlock(block), value[block.name] ?? null),
  ]);
  return Object.fromEntries([...attributes, ...blocks].filter(([, each]) => each !== null));
}

function canBeGiven({ required, optional, writeOnly, deprecated }: SchemaAttribute): boolean {
  return required || (optional && !writeOnly && !deprecated);
}

function settableNest({ nesting, shape }: Nest, value: Json): Json {
  if (isList(value)) return value.map((element) => settable(shape, element));
  if (nesting !== 'MAP' || !isJsonObject(value)) return settable(shape, value);
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, settable(shape, element)]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
