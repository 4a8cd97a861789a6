import {
  isDynamic,
  isValueList,
  isValueMap,
  normalizeSet,
  type SchemaAttribute,
  type SchemaBlock,
  Unknown,
  type Value,
  type ValueMap,
} from '../../providers/index.ts';
import { matchSet } from './match-set.ts';
import { asMap, bare, elementsOf, part } from './parts.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from './shape.ts';
import { withType } from './with-type.ts';

/**
 * Merges what the user wants with the last object the provider reported: the state proposed to the provider's plan.
 * What the user wrote stands. A computed attribute that the user left out keeps its prior value, so that only the
 * provider decides to change it. Objects inside are matched with their prior selves: lists by index, maps by key, sets
 * by what the user wrote in them. A write-only attribute is never part of a state.
 *
 * @param prior  last known object, null before the first create
 * @param config user's values in the schema's implied type; null to destroy; may hold unknowns
 * @returns same type as `config`; on a create, computed attributes left out are null and not unknown, as the `terraform`
 *   program sends them
 */
export function proposeNew(schema: SchemaBlock, prior: Value, config: Value): Value {
  return config === null || config instanceof Unknown ? config : proposeObject(schema, prior, asMap(config));
}

function proposeObject(shape: Shape, prior: Value, config: ValueMap): ValueMap {
  const attributes = shape.attributes.map((attribute): [string, Value] => [
    attribute.name,
    proposeAttribute(attribute, part(prior, attribute.name), part(config, attribute.name)),
  ]);
  const blocks = shape.blocks.map((block): [string, Value] => [
    block.name,
    proposeNest(nestOfBlock(block), part(prior, block.name), part(config, block.name)),
  ]);
  return new Map([...attributes, ...blocks]);
}

function proposeAttribute(attribute: SchemaAttribute, prior: Value, config: Value): Value {
  if (attribute.writeOnly) return null;
  const nest = nestOfAttribute(attribute);
  if (config === null && attribute.computed) {
    // The user took out what only the user could have put in: the prior object is no longer what is wanted.
    return nest !== undefined && holdsUserValue(nest, prior) ? null : prior;
  }
  return nest === undefined ? config : proposeNest(nest, prior, config);
}

/** Whether objects inside an attribute have a value that no provider computes. */
function holdsUserValue(nest: Nest, value: Value): boolean {
  return objectsIn(nest, value).some((object) =>
    nest.shape.attributes.some((attribute) => {
      const held = part(object, attribute.name);
      const inner = nestOfAttribute(attribute);
      if (held === null) return false;
      return attribute.computed ? inner !== undefined && holdsUserValue(inner, held) : true;
    }),
  );
}

function objectsIn({ nesting }: Nest, value: Value): readonly Value[] {
  if (value === null || value instanceof Unknown) return [];
  if (nesting === 'SINGLE' || nesting === 'GROUP') return [value];
  return nesting === 'MAP' ? [...asMap(value).values()] : elementsOf(value);
}

function proposeNest(nest: Nest, prior: Value, config: Value): Value {
  if (isDynamic(config)) return withType(nest.shape, proposeNest(nest, bare(prior), config.value));
  if (isValueList(config)) return proposeElements(nest, elementsOf(prior), config);
  if (!isValueMap(config)) return config;
  if (nest.nesting !== 'MAP') return proposeObject(nest.shape, prior, config);
  return new Map([...config].map(([key, element]) => [key, proposeElement(nest.shape, part(prior, key), element)]));
}

function proposeElements({ nesting, shape }: Nest, prior: readonly Value[], config: readonly Value[]): Value {
  const counterparts = nesting === 'SET' ? matchSet(shape, config, prior) : prior;
  const proposed = config.map((element, at) => proposeElement(shape, counterparts[at] ?? null, element));
  return nesting === 'SET' ? normalizeSet(proposed) : proposed;
}

function proposeElement(shape: Shape, prior: Value, config: Value): Value {
  return isValueMap(config) ? proposeObject(shape, prior, config) : config;
}
