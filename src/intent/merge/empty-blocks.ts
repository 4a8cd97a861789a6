import { isValueList, isValueMap, Unknown, type Value } from '../../providers/index.ts';
import { bare } from './parts.ts';
import type { Nest, Shape } from './shape.ts';
import { nestOfBlock } from './shape.ts';

/**
 * The object with an empty list, set or map where the old SDK left null in place of blocks: that is what the protocol
 * has for no blocks, and what a provider is shown of its own state when it upgrades it.
 */
export function withEmptyBlocks(shape: Shape, value: Value): Value {
  const object = bare(value);
  if (shape.blocks.length === 0 || !isValueMap(object)) return value;
  const blocks = shape.blocks.map((block) => {
    const before = object.get(block.name) ?? null;
    return { name: block.name, before, after: blocksIn(nestOfBlock(block), before) };
  });
  if (blocks.every(({ before, after }) => before === after)) return value;
  return new Map([...object, ...blocks.map(({ name, after }): [string, Value] => [name, after])]);
}

function blocksIn({ nesting, shape }: Nest, value: Value): Value {
  if (value === null) return nesting === 'LIST' || nesting === 'SET' ? [] : nesting === 'MAP' ? new Map() : null;
  if (value instanceof Unknown) return value;
  if (isValueList(value)) return unlessSame(value, (element) => withEmptyBlocks(shape, element));
  if (nesting !== 'MAP') return withEmptyBlocks(shape, value);
  if (!isValueMap(value)) return value;
  return new Map([...value].map(([key, element]) => [key, withEmptyBlocks(shape, element)]));
}

function unlessSame(list: readonly Value[], change: (element: Value) => Value): readonly Value[] {
  const changed = list.map(change);
  return changed.every((element, at) => element === list[at]) ? list : changed;
}
