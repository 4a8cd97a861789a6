import { type CtyObject, type CtyType, hasDynamic } from '../values/index.ts';
import type { NestedAttributes, NestedBlock, SchemaAttribute, SchemaBlock } from './resource-schema.ts';

/** The object type that values of a block have: one attribute for each attribute and each nested block. */
export function impliedType(block: SchemaBlock): CtyObject {
  const attributes = block.attributes.map(({ name, type }): [string, CtyType] => [name, type]);
  const blocks = block.blocks.map((nested): [string, CtyType] => [nested.name, nestedBlockType(nested)]);
  return { object: Object.fromEntries([...attributes, ...blocks]) };
}

/**
 * The type of a nested block. A list or map of blocks with an attribute of dynamic type is dynamic itself: its elements
 * may differ in type, so they travel as a tuple or an object.
 */
export function nestedBlockType({ nesting, block }: NestedBlock): CtyType {
  const element = impliedType(block);
  switch (nesting) {
    case 'SINGLE':
    case 'GROUP':
      return element;
    case 'LIST':
      return hasDynamic(element) ? 'dynamic' : { list: element };
    case 'MAP':
      return hasDynamic(element) ? 'dynamic' : { map: element };
    case 'SET':
      return { set: element };
  }
}

/** The type of an attribute that has attributes of its own. */
export function nestedAttributeType({ nesting, attributes }: NestedAttributes): CtyType {
  const element = attributesType(attributes);
  switch (nesting) {
    case 'SINGLE':
      return element;
    case 'LIST':
      return { list: element };
    case 'MAP':
      return { map: element };
    case 'SET':
      return { set: element };
  }
}

function attributesType(attributes: readonly SchemaAttribute[]): CtyObject {
  return { object: Object.fromEntries(attributes.map(({ name, type }) => [name, type])) };
}
