import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

/** What left the gateway goes out as JSON and is JSON; only its type has been lost on the way. */
export function toJson(value: unknown): Json {
  return value === undefined ? null : (value as Json);
}

export function toObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A string as it is, anything else as JSON, nothing as nothing. */
export function toText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** JSON without what is null or empty: it says as much and costs less. */
export function compactText(value: Json): string {
  return JSON.stringify(value, (_key, part: unknown) => (isJsonObject(part) ? withoutEmpty(part) : part));
}

/** The same of an answer, which says of its own keys that they are empty: `{"states":[],"count":0}`, `{"project":null}`. */
export function answerText(answer: JsonObject): string {
  const shown = Object.entries(answer).filter(([, value]) => value !== null);
  const parts = (shown.length === 0 ? Object.entries(answer) : shown).map(
    ([key, value]) => `${JSON.stringify(key)}:${compactText(value)}`,
  );
  return `{${parts.join(',')}}`;
}

function withoutEmpty(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => !isEmpty(inner)));
}

function isEmpty(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
