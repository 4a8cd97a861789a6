import { formatPath } from '../../shared/problems.ts';
import { isValueList, isValueMap, type SchemaAttribute, type SchemaBlock, type Value } from '../../providers/index.ts';
import { bare, part } from '../merge/parts.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from '../merge/shape.ts';

type Path = readonly (string | number)[];

export interface Redacted {
  /** The value with null in place of whatever the schema calls sensitive or write-only. */
  readonly value: Value;
  /** What was taken out, such as `login[0].password`. */
  readonly paths: readonly string[];
}

/** What may be shown of a value. Nothing is listed that was null anyway. */
export function redact(schema: SchemaBlock, value: Value): Redacted {
  const paths: string[] = [];
  return { value: redactObject(schema, value, [], (path) => paths.push(formatPath(path))), paths };
}

/** The secret parts of a value, by themselves: for taking them out of text that a provider wrote. */
export function secretsIn(schema: SchemaBlock, value: Value): Value[] {
  const secrets: Value[] = [];
  redactObject(schema, value, [], (_path, secret) => secrets.push(secret));
  return secrets;
}

type Found = (path: Path, secret: Value) => void;

function redactObject(shape: Shape, value: Value, path: Path, found: Found): Value {
  const object = bare(value);
  if (!isValueMap(object)) return object;
  const result = new Map<string, Value>();
  for (const attribute of shape.attributes) {
    result.set(
      attribute.name,
      redactAttribute(attribute, part(object, attribute.name), [...path, attribute.name], found),
    );
  }
  for (const block of shape.blocks) {
    result.set(block.name, redactNest(nestOfBlock(block), part(object, block.name), [...path, block.name], found));
  }
  return result;
}

function redactAttribute(attribute: SchemaAttribute, value: Value, path: Path, found: Found): Value {
  if (value === null) return null;
  if (attribute.sensitive || attribute.writeOnly) {
    found(path, value);
    return null;
  }
  const nest = nestOfAttribute(attribute);
  return nest === undefined ? value : redactNest(nest, value, path, found);
}

function redactNest({ nesting, shape }: Nest, value: Value, path: Path, found: Found): Value {
  const inner = bare(value);
  if (isValueList(inner)) return inner.map((element, at) => redactObject(shape, element, [...path, at], found));
  if (nesting !== 'MAP' || !isValueMap(inner)) return redactObject(shape, inner, path, found);
  return new Map([...inner].map(([key, element]) => [key, redactObject(shape, element, [...path, key], found)]));
}
