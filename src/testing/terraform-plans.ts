import { type CtyType, isValueList, isValueMap, Unknown, type Value } from '../providers/index.ts';
import { canonicalJson, isJsonObject, type Json } from '../shared/json.ts';
import { formatPath } from '../shared/problems.ts';

type Path = readonly (string | number)[];

/** What a plan says of one resource, in a form that ours and the terraform program's share. */
export interface SeenPlan {
  readonly actions: Json;
  readonly planned: Json;
  readonly unknown: readonly string[];
  readonly replace: readonly string[];
}

/** The change of one resource in the JSON of a plan of terraform. */
export function theirPlan(change: Json, implied: CtyType): SeenPlan {
  return {
    actions: jsonAt(change, 'actions'),
    planned: comparable(jsonAt(change, 'after'), implied),
    unknown: unorderedPaths(truePaths(jsonAt(change, 'after_unknown')), implied),
    replace: pathList(jsonAt(change, 'replace_paths')),
  };
}

/** Terraform's words for what we call an action. */
export const actionsOf: Readonly<Record<string, readonly string[]>> = {
  create: ['create'],
  update: ['update'],
  replace: ['delete', 'create'],
  'no-op': ['no-op'],
};

/** A part deep inside a JSON value; null where the way ends. */
export function jsonAt(json: Json, ...steps: readonly (string | number)[]): Json {
  let here: Json = json;
  for (const step of steps) {
    if (typeof step === 'number') here = Array.isArray(here) ? ((here as readonly Json[])[step] ?? null) : null;
    else here = isJsonObject(here) ? (here[step] ?? null) : null;
  }
  return here;
}

/** In terraform's JSON an unknown attribute is left out of the plan, an unknown element is null. */
export function withoutUnknowns(value: Value): Value {
  if (value instanceof Unknown) return null;
  if (isValueList(value)) return value.map(withoutUnknowns);
  if (!isValueMap(value)) return value;
  const known = [...value].filter(([, part]) => !(part instanceof Unknown));
  return new Map(known.map(([name, part]) => [name, withoutUnknowns(part)]));
}

/** Paths as text, in order; an element of a set has no place of its own. */
export function unorderedPaths(paths: readonly Path[], type: CtyType): string[] {
  return paths.map((path) => formatPath(withoutPlaces(path, type))).toSorted();
}

function withoutPlaces([step, ...rest]: Path, type: CtyType): Path {
  if (step === undefined) return [];
  if (typeof type === 'string') return [step, ...rest];
  const inner = 'set' in type ? type.set : 'list' in type ? type.list : 'map' in type ? type.map : memberOf(type, step);
  return ['set' in type ? 0 : step, ...withoutPlaces(rest, inner)];
}

function memberOf(type: Exclude<CtyType, string>, step: string | number): CtyType {
  return 'object' in type ? (type.object[step] ?? 'dynamic') : 'dynamic';
}

function truePaths(marks: Json, path: Path = []): Path[] {
  if (marks === true) return [path];
  if (Array.isArray(marks))
    return (marks as readonly Json[]).flatMap((mark, index) => truePaths(mark, [...path, index]));
  return isJsonObject(marks) ? Object.entries(marks).flatMap(([name, mark]) => truePaths(mark, [...path, name])) : [];
}

function pathList(json: Json): string[] {
  return Array.isArray(json) ? (json as readonly (readonly (string | number)[])[]).map(formatPath).toSorted() : [];
}

/** Without what differs by chance (the fixture's random id) or by taste (the order in which a set is printed). */
export function comparable(json: Json, type: CtyType): Json {
  const sorted = sortSets(json, type);
  const id = jsonAt(sorted, 'id');
  if (!isJsonObject(sorted) || typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) return sorted;
  return { ...sorted, id: 'random' };
}

function sortSets(json: Json, type: CtyType): Json {
  if (json === null || typeof type === 'string') return json;
  if (Array.isArray(json)) {
    const parts = (json as readonly Json[]).map((part) =>
      sortSets(part, 'list' in type ? type.list : 'set' in type ? type.set : 'dynamic'),
    );
    return 'set' in type ? parts.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)) : parts;
  }
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, part]) => [
      name,
      sortSets(part, 'map' in type ? type.map : 'object' in type ? (type.object[name] ?? 'dynamic') : 'dynamic'),
    ]),
  );
}
