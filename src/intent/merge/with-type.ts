import {
  type CtyType,
  Dynamic,
  hasDynamic,
  impliedType,
  isValueList,
  isValueMap,
  typeOfValue,
  type Value,
} from '../../providers/index.ts';
import type { Shape } from './shape.ts';

/**
 * Blocks with an attribute of dynamic type travel as a tuple (lists) or an object (maps) that says which type each
 * element has: elements may differ. This makes that value for elements that are put together anew.
 */
export function withType(shape: Shape, elements: Value): Value {
  const element = impliedType({ ...shape, description: '', deprecated: false });
  if (isValueList(elements))
    return new Dynamic({ tuple: elements.map((part) => concreteType(part, element)) }, elements);
  if (!isValueMap(elements)) return elements;
  const object = Object.fromEntries([...elements].map(([key, part]) => [key, concreteType(part, element)]));
  return new Dynamic({ object }, elements);
}

/** The declared type with each dynamic place replaced by the type of the value that is there. */
function concreteType(value: Value, type: CtyType): CtyType {
  if (!hasDynamic(type)) return type;
  if (typeof type === 'string' || !('object' in type) || !isValueMap(value)) return typeOfValue(value);
  const attributes = Object.entries(type.object).map(([name, inner]): [string, CtyType] => [
    name,
    concreteType(value.get(name) ?? null, inner),
  ]);
  return { object: Object.fromEntries(attributes) };
}
