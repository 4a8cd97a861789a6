import {
  type CtyObject,
  type CtyType,
  Dynamic,
  hasDynamic,
  isValueList,
  isValueMap,
  type Value,
} from '../values/index.ts';

/**
 * A list or map of blocks whose type is only known with its values travels as one dynamic value: a tuple or an object,
 * with the type that each element really has. Other lists and maps stay as they are; so do sets, which cannot differ.
 */
export function resolveDynamic(elements: Value, element: CtyObject): Value {
  if (!hasDynamic(element)) return elements;
  const stripped = strip(elements);
  if (isValueList(elements)) return new Dynamic({ tuple: elements.map((part) => concrete(part, element)) }, stripped);
  if (!isValueMap(elements)) return elements;
  const object = Object.fromEntries([...elements].map(([key, part]) => [key, concrete(part, element)]));
  return new Dynamic({ object }, stripped);
}

// The declared type with each dynamic place replaced by the type that its value brought.
function concrete(value: Value, type: CtyType): CtyType {
  if (value instanceof Dynamic) return value.type;
  if (typeof type === 'string' || !hasDynamic(type)) return type;
  if ('object' in type && isValueMap(value)) {
    return {
      object: Object.fromEntries(
        Object.entries(type.object).map(([name, inner]) => [name, concrete(value.get(name) ?? null, inner)]),
      ),
    };
  }
  return type;
}

// The values without the wrappers, now that the type says it all.
function strip(value: Value): Value {
  if (value instanceof Dynamic) return strip(value.value);
  if (isValueList(value)) return value.map(strip);
  return isValueMap(value) ? new Map([...value].map(([key, part]) => [key, strip(part)])) : value;
}
