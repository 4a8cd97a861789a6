import type { Json, JsonObject } from '../../shared/json.ts';
import type { Problem } from '../../shared/problems.ts';
import { suggestName } from '../../shared/suggest-name.ts';

export type Path = readonly (string | number)[];

const MAX_PROBLEMS = 100; // a config that is wrong everywhere is told so, not mirrored
const MAX_LISTED_NAMES = 30;

/** What is wrong with a configuration, as it is found. Never holds a value, only names and kinds. */
export class ConfigProblems {
  readonly all: Problem[] = [];

  /** Notes an error; the place itself becomes null. */
  add(path: Path, summary: string, detail = ''): null {
    if (this.all.length < MAX_PROBLEMS) this.all.push({ severity: 'error', summary, detail, path });
    return null;
  }

  warn(path: Path, summary: string, detail = ''): void {
    if (this.all.length < MAX_PROBLEMS) this.all.push({ severity: 'warning', summary, detail, path });
  }

  /** Every key that no name covers is an error, with the name that was probably meant. */
  rejectStrangers(json: JsonObject, names: readonly string[], path: Path): void {
    const known = new Set(names);
    for (const name of Object.keys(json)) {
      if (!known.has(name)) this.add([...path, name], 'no such attribute', hintFor(name, names));
    }
  }
}

function hintFor(name: string, names: readonly string[]): string {
  const meant = suggestName(name, names);
  if (meant !== undefined) return `did you mean ${JSON.stringify(meant)}?`;
  if (names.length > MAX_LISTED_NAMES) return '';
  return names.length === 0 ? 'none are known here' : `known are ${names.toSorted().join(', ')}`;
}

/** What kind of JSON value it is, for a message that must not show the value. */
export function describeJson(json: Json): string {
  if (json === null) return 'null';
  if (isJsonList(json)) return 'a list';
  if (typeof json === 'object') return 'an object';
  return typeof json === 'string' ? 'text' : `a ${typeof json}`;
}

/** Narrows to a JSON list; `Array.isArray` does not narrow read-only ones. */
export function isJsonList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
