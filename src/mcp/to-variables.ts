import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import type { ToolKind, ToolVariable } from './tool.ts';

/** The arguments with enum words in lower case, as tools spell them. Answers spell them as the API does, so both are taken. */
export function withLowerWords(kind: ToolKind, given: JsonObject): JsonObject {
  const lowered = kind.variables.flatMap((variable): [string, Json][] => {
    const value = given[variable.name];
    return value === undefined ? [] : [[variable.name, changeWords(variable, value, (word) => word.toLowerCase())]];
  });
  return { ...given, ...Object.fromEntries<Json>(lowered) };
}

/** The GraphQL variables that a tool's checked arguments stand for: enum words and input keys are put back. */
export function toVariables(kind: ToolKind, given: JsonObject): JsonObject {
  return Object.fromEntries(
    kind.variables.flatMap((variable) => {
      const value = given[variable.name];
      return value === undefined ? [] : [[variable.name, toGraphql(variable, value)]];
    }),
  );
}

function toGraphql(variable: ToolVariable, value: Json): Json {
  return changeKeys(
    variable.input,
    changeWords(variable, value, (word) => word.toUpperCase()),
  );
}

function changeWords(variable: ToolVariable, value: Json, change: (word: string) => string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => changeWords(variable, item, change));
  if (typeof value === 'string') return variable.enum === true ? change(value) : value;
  const { words = [] } = variable;
  if (!isJsonObject(value) || words.length === 0) return value;
  const part = (key: string, inner: Json): Json =>
    typeof inner === 'string' && words.includes(key) ? change(inner) : inner;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, part(key, inner)]));
}

function changeKeys(keys: ToolVariable['input'], value: Json): Json {
  if (keys === undefined) return value;
  if (Array.isArray(value)) return value.map((item: Json) => changeKeys(keys, item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [keys[key] ?? key, inner]));
}
