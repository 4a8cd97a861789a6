import type { Json, JsonObject } from '../../shared/json.ts';

/**
 * Stands in a configuration where a value is known only after another change. It is told by identity, so no JSON that
 * came from outside can be taken for it.
 */
export const knownLater: JsonObject = Object.freeze({});

/** The configuration with null in place of what is known later: what may be stored and shown. */
export function withoutKnownLater(json: Json): Json {
  if (json === knownLater) return null;
  if (json === null || typeof json !== 'object') return json;
  if (isList(json)) return json.map(withoutKnownLater);
  return Object.fromEntries(Object.entries(json).map(([key, part]) => [key, withoutKnownLater(part)]));
}

// `Array.isArray` does not narrow a readonly array.
function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
