import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import type { ToolKind, ToolVariable } from './tool.ts';

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
  if (Array.isArray(value)) return value.map((item: Json) => toGraphql(variable, item));
  if (typeof value === 'string') return variable.enum === true ? value.toUpperCase() : value;
  const { input: keys, words = [] } = variable;
  if (!isJsonObject(value) || keys === undefined) return value;
  const part = (key: string, inner: Json): Json =>
    typeof inner === 'string' && words.includes(key) ? inner.toUpperCase() : inner;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [keys[key] ?? key, part(key, inner)]));
}
