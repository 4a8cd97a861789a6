import type { Json } from '../shared/json.ts';

/** `Array.isArray` would make the elements `any`. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
