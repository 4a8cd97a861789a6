import type { Json, JsonObject } from '../../shared/json.ts';
import type { Value } from '../values/index.ts';
import type { ConfigProblems, Path } from './config-problems.ts';

/** The members of a JSON object as a Map, keys composed as they travel; two keys that compose alike are an error. */
export function conformMembers(
  json: JsonObject,
  path: Path,
  problems: ConfigProblems,
  convert: (part: Json, path: Path) => Value,
): Map<string, Value> {
  const members = new Map<string, Value>();
  for (const [key, part] of Object.entries(json)) {
    const name = key.normalize('NFC');
    if (members.has(name)) problems.add([...path, name], 'is given twice');
    members.set(name, convert(part, [...path, name]));
  }
  return members;
}
