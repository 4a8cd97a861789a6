import { equalValues, isValueList, isValueMap, type Value } from '../../providers/index.ts';
import { bare } from '../merge/parts.ts';

type Path = readonly (string | number)[];

/**
 * The paths that really force a replacement. A provider may name attributes whose change would force one; they count
 * only where the plan changes them. Whatever will be known only later counts as changed.
 *
 * @param required paths as the provider named them
 * @param prior    null on a create, which replaces nothing
 */
export function replacePaths(required: readonly Path[], prior: Value, planned: Value): Path[] {
  if (prior === null || planned === null) return [];
  return required.filter((path) => {
    const before = valueAt(prior, path);
    const after = valueAt(planned, path);
    if (before === undefined || after === undefined) return before !== after;
    return !equalValues(before, after);
  });
}

/** The value at a path; undefined where the path leads nowhere. Elements of sets have no path of their own. */
function valueAt(value: Value, [step, ...rest]: Path): Value | undefined {
  if (step === undefined) return value;
  const holder = bare(value);
  const inner = isValueMap(holder) ? holder.get(String(step)) : isValueList(holder) ? holder[Number(step)] : undefined;
  return inner === undefined ? undefined : valueAt(inner, rest);
}
