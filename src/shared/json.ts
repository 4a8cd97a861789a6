/** A JSON value as parsed. Objects may have come from outside: read own keys only. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** What `T` must be for its values to be JSON data. Interfaces pass, which have no index signature and so are no `Json`. */
export type JsonShape<T> = T extends Json | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly JsonShape<Item>[]
    : T extends (...given: never[]) => unknown
      ? never
      : T extends object
        ? { readonly [Key in keyof T]: JsonShape<T[Key]> }
        : never;

/** Data of a type that is described by interfaces, as the JSON that it is. */
export function asJson<T>(value: T & JsonShape<T>): Json {
  return value as unknown as Json; // `JsonShape` has seen to it; TypeScript does not join the two
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * JSON text with sorted keys, those that are whole numbers first: equal values give equal text, so it can be hashed.
 * What was hashed before must give the same text for ever.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string' || !isStructured(value)) return JSON.stringify(value);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  let text = '';
  for (const key of sortedKeys(value)) {
    const part = value[key];
    if (part !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(part)}`;
  }
  return `{${text}}`;
}

function isStructured(value: Json): value is readonly Json[] | JsonObject {
  return typeof value === 'object' && value !== null;
}

// JavaScript lists keys that are whole numbers first, in their order, whatever order they were given in.
function sortedKeys(value: JsonObject): string[] {
  const keys = Object.keys(value);
  const numbers = keys.findIndex((key) => !/^(?:0|[1-9]\d{0,9})$/.test(key) || Number(key) >= 2 ** 32 - 1);
  if (numbers <= 0) return numbers === 0 ? keys.toSorted() : keys;
  return [...keys.slice(0, numbers), ...keys.slice(numbers).toSorted()];
}

/** Whether a database keeps the text as it is: PostgreSQL has no NUL, and UTF-8 no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** The text with a replacement character for whatever a database would refuse. */
export function storableText(text: string): string {
  return isStorableText(text) ? text : text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** The same for every string and every name in a value. */
export function storableJson(value: Json): Json {
  if (typeof value === 'string') return storableText(value);
  if (isList(value)) return value.map((item) => storableJson(item));
  return isJsonObject(value) ? storableObject(value) : value;
}

export function storableObject(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), storableJson(item)]));
}

// `Array.isArray` does not narrow a readonly array.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
