import { isJsonObject, type Json } from '../../shared/json.ts';

/** The same with another value at the end of the path, if there is one there. */
export function withValue(json: Json, [step, ...rest]: readonly (string | number)[], value: Json): Json {
  if (step === undefined) return value;
  if (isList(json)) return json.map((each, at) => (at === step ? withValue(each, rest, value) : each));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, each]) => [name, name === step ? withValue(each, rest, value) : each]),
  );
}

// `Array.isArray` does not narrow a readonly array.
function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
