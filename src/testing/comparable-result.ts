import { canonicalJson, type Json } from '../shared/json.ts';

/** A policy's result as text. Sets have no order: OPA's server gives them sorted, Wasm in that of its table. */
export function comparableResult(result: Json): string {
  return canonicalJson(sorted(result));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item as Json)]));
}
