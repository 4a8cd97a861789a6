import type { NestedBlock, SchemaAttribute } from '../../providers/index.ts';

/**
 * What an object consists of. Blocks, and attributes that are objects themselves, both have a shape, so every walk over
 * a value needs one function for both.
 */
export interface Shape {
  readonly attributes: readonly SchemaAttribute[];
  readonly blocks: readonly NestedBlock[];
}

export type Nesting = NestedBlock['nesting'];

/** A place in a shape that holds objects. */
export interface Nest {
  readonly nesting: Nesting;
  readonly shape: Shape;
}

/** The objects inside an attribute; undefined for an attribute that is a plain value. */
export function nestOfAttribute(attribute: SchemaAttribute): Nest | undefined {
  const { nested } = attribute;
  return nested === undefined
    ? undefined
    : { nesting: nested.nesting, shape: { attributes: nested.attributes, blocks: [] } };
}

export function nestOfBlock(block: NestedBlock): Nest {
  return { nesting: block.nesting, shape: block.block };
}
