import type { Json, JsonObject } from '../../shared/json.ts';

// Stored JSON is read leniently: what is not there, or not what it should be, reads as empty.

export function textOf(record: JsonObject, key: string): string {
  const value = record[key];
  return typeof value === 'string' ? value : '';
}

export function textsOf(record: JsonObject, key: string): string[] {
  const list = record[key];
  return Array.isArray(list) ? list.filter((each: Json) => typeof each === 'string') : [];
}
