import { badInput } from '../../shared/errors.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { formatPath } from '../../shared/problems.ts';
import type { Path } from '../journal/stored.ts';
import { withValue } from '../plan/with-value.ts';

/**
 * Puts the write-only arguments that a caller gives anew where a kept configuration has lost them.
 *
 * @param anew in the shape of the configuration, with nothing but these arguments in it
 * @throws BAD_INPUT naming those that are missing, or that do not belong there
 */
export function fillWithheld(config: Json, withheld: readonly Path[], anew: Json | undefined, operation: string): Json {
  const missing = withheld.filter((path) => valueAt(anew, path) === undefined).map(formatPath);
  if (missing.length > 0) {
    throw badInput(
      'writeOnly',
      `must give anew what operation ${operation} was given and what is not kept: ${missing.join(', ')}`,
    );
  }
  const stray = leavesOf(anew).filter((leaf) => !withheld.some((path) => beginsWith(leaf, path)));
  if (stray.length > 0) {
    throw badInput(
      'writeOnly',
      `holds what operation ${operation} was not given as a write-only argument: ${stray.map(formatPath).join(', ')}`,
    );
  }
  return withheld.reduce((filled, path) => withValue(filled, path, valueAt(anew, path) ?? null), config);
}

function valueAt(json: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((at, step) => {
    if (isList(at)) return typeof step === 'number' ? at[step] : undefined;
    return isJsonObject(at) && typeof step === 'string' && Object.hasOwn(at, step) ? at[step] : undefined;
  }, json);
}

function leavesOf(json: Json | undefined, path: Path = []): Path[] {
  if (json === undefined || (json === null && path.length === 0)) return [];
  if (isList(json)) return json.flatMap((each, at) => leavesOf(each, [...path, at]));
  if (!isJsonObject(json)) return [path];
  return Object.entries(json).flatMap(([name, each]) => leavesOf(each, [...path, name]));
}

function beginsWith(path: Path, start: Path): boolean {
  return start.every((step, at) => path[at] === step);
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}
