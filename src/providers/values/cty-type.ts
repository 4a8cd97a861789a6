import { AppError } from '../../shared/errors.ts';
import { isJsonObject } from '../../shared/json.ts';

/**
 * A type of Terraform's value system. JSON-able, so that it can be stored with a schema.
 * Attribute names of objects may come from outside: read them with `Object.hasOwn` or `Object.entries`.
 */
export type CtyType =
  | 'string'
  | 'number'
  | 'bool'
  | 'dynamic'
  | { readonly list: CtyType }
  | { readonly set: CtyType }
  | { readonly map: CtyType }
  | { readonly tuple: readonly CtyType[] }
  | { readonly object: Readonly<Record<string, CtyType>>; readonly optional?: readonly string[] };

/** The object form of a type, by itself. */
export type CtyObject = Extract<CtyType, { object: unknown }>;

const PRIMITIVES = new Map<unknown, CtyType>([
  ['string', 'string'],
  ['number', 'number'],
  ['bool', 'bool'],
  ['dynamic', 'dynamic'],
]);

const MAX_TYPE_DEPTH = 64; // real schemas stay below 12; a hostile one must not exhaust the stack

/** Reads the protocol's JSON form of a type: `"string"`, `["list", "string"]`, `["object", {"a": "bool"}]`. */
export function parseType(raw: unknown, depth = 0): CtyType {
  const primitive = PRIMITIVES.get(raw);
  if (primitive !== undefined) return primitive;
  if (depth > MAX_TYPE_DEPTH) throw badType('is nested too deeply');
  if (!Array.isArray(raw)) throw badType('is neither a name nor a list');
  const parts: readonly unknown[] = raw;
  return parseCompound(parts, depth + 1);
}

function parseCompound([kind, inner, optional]: readonly unknown[], depth: number): CtyType {
  switch (kind) {
    case 'list':
      return { list: parseType(inner, depth) };
    case 'set':
      return { set: parseType(inner, depth) };
    case 'map':
      return { map: parseType(inner, depth) };
    case 'tuple':
      if (!Array.isArray(inner)) throw badType('has a tuple without a list of types');
      return { tuple: inner.map((element: unknown) => parseType(element, depth)) };
    case 'object':
      return parseObject(inner, optional, depth);
    default:
      throw badType('has an unknown kind');
  }
}

function parseObject(attributes: unknown, optional: unknown, depth: number): CtyType {
  if (!isJsonObject(attributes)) throw badType('has an object without attributes');
  const object = Object.fromEntries(Object.entries(attributes).map(([name, type]) => [name, parseType(type, depth)]));
  if (!Array.isArray(optional)) return { object };
  return { object, optional: optional.filter((name) => typeof name === 'string') };
}

function badType(problem: string): AppError {
  return new AppError('PROVIDER_FAILED', `the provider sent a type that ${problem}`);
}

/** The protocol's JSON form of a type, as data; the inverse of {@link parseType}. */
export function typeToJson(type: CtyType): unknown {
  if (typeof type === 'string') return type;
  if ('list' in type) return ['list', typeToJson(type.list)];
  if ('set' in type) return ['set', typeToJson(type.set)];
  if ('map' in type) return ['map', typeToJson(type.map)];
  if ('tuple' in type) return ['tuple', type.tuple.map(typeToJson)];
  const attributes = Object.fromEntries(Object.entries(type.object).map(([name, inner]) => [name, typeToJson(inner)]));
  return type.optional === undefined ? ['object', attributes] : ['object', attributes, type.optional];
}

/** Whether a value of this type may bring its own type along somewhere inside. */
export function hasDynamic(type: CtyType): boolean {
  if (typeof type === 'string') return type === 'dynamic';
  if ('list' in type) return hasDynamic(type.list);
  if ('set' in type) return hasDynamic(type.set);
  if ('map' in type) return hasDynamic(type.map);
  if ('tuple' in type) return type.tuple.some(hasDynamic);
  return Object.values(type.object).some(hasDynamic);
}

/** A type as a person reads it: `list of string`. */
export function describeType(type: CtyType): string {
  if (typeof type === 'string') return type === 'dynamic' ? 'any type' : type;
  if ('list' in type) return `list of ${describeType(type.list)}`;
  if ('set' in type) return `set of ${describeType(type.set)}`;
  if ('map' in type) return `map of ${describeType(type.map)}`;
  return 'tuple' in type ? 'tuple' : 'object';
}
