import { arrayOf, type Builtin, present, undefinedBecause } from './builtin.ts';
import { formatRego, isRegoArray, RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

type Path = readonly RegoValue[];
/** Changes the composite that holds the last step of a path. */
type Change = (holder: RegoValue, step: RegoValue) => RegoValue;

/** A pointer such as `/a/~1b`, or its steps as an array. Leading slashes beyond the first do not count, as in OPA. */
function parsePath(path: RegoValue | undefined): Path {
  if (typeof path !== 'string') return arrayOf(path);
  if (path === '') return [];
  return path
    .replace(/^\/+/, '')
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(length: number, step: RegoValue): number {
  if (step === '-') return length;
  if (typeof step === 'string' && !/^(0|-?[1-9]\d*)$/.test(step)) return undefinedBecause('bad index');
  const index = Number(step);
  return Number.isInteger(index) ? index : undefinedBecause('bad index');
}

function existingIndex(items: readonly RegoValue[], step: RegoValue): number {
  const index = indexOf(items.length, step);
  return index >= 0 && index < items.length ? index : undefinedBecause('index out of bounds');
}

function child(value: RegoValue, step: RegoValue): RegoValue {
  if (value instanceof RegoObject) return present(value.get(step), 'path does not exist');
  if (value instanceof RegoSet) return value.has(step) ? step : undefinedBecause('path does not exist');
  if (isRegoArray(value)) return present(value[existingIndex(value, step)], 'path does not exist');
  return undefinedBecause('path goes through a scalar');
}

function put(holder: RegoValue, step: RegoValue, value: RegoValue): RegoValue {
  if (holder instanceof RegoObject) return new RegoObject([...holder.entries(), [step, value]]);
  if (isRegoArray(holder)) return holder.with(existingIndex(holder, step), value);
  return new RegoSet([...elementsOfSet(holder).filter((item) => formatRego(item) !== formatRego(step)), value]);
}

function elementsOfSet(set: RegoValue): RegoValue[] {
  return set instanceof RegoSet ? set.values() : undefinedBecause('path goes through a scalar');
}

function insert(value: RegoValue): Change {
  return (holder, step) => {
    if (isRegoArray(holder)) {
      const index = indexOf(holder.length, step);
      return index >= 0 && index <= holder.length
        ? holder.toSpliced(index, 0, value)
        : undefinedBecause('out of bounds');
    }
    if (holder instanceof RegoSet && formatRego(step) !== formatRego(value)) return undefinedBecause('set key differs');
    return put(holder, step, value);
  };
}

const erase: Change = (holder, step) => {
  child(holder, step);
  if (holder instanceof RegoObject) {
    return new RegoObject(holder.entries().filter(([key]) => formatRego(key) !== formatRego(step)));
  }
  if (isRegoArray(holder)) return holder.toSpliced(existingIndex(holder, step), 1);
  return new RegoSet(elementsOfSet(holder).filter((item) => formatRego(item) !== formatRego(step)));
};

function changeAt(target: RegoValue, path: Path, change: Change): RegoValue {
  const [step, ...rest] = path;
  if (step === undefined) return undefinedBecause('the root has no holder');
  return rest.length === 0 ? change(target, step) : put(target, step, changeAt(child(target, step), rest, change));
}

function add(target: RegoValue, path: Path, value: RegoValue): RegoValue {
  return path.length === 0 ? value : changeAt(target, path, insert(value));
}

function remove(target: RegoValue, path: Path): RegoValue {
  return changeAt(target, path, erase);
}

function applyOne(target: RegoValue, operation: RegoValue): RegoValue {
  if (!(operation instanceof RegoObject)) return undefinedBecause('an operation must be an object');
  const need = (key: string) => present(operation.get(key), `missing ${key}`);
  const path = parsePath(need('path'));
  switch (need('op')) {
    case 'add':
      return add(target, path, need('value'));
    case 'remove':
      return remove(target, path);
    case 'replace':
      return add(path.length === 0 ? target : remove(target, path), path, need('value'));
    case 'move': {
      const from = parsePath(need('from'));
      const moved = from.reduce<RegoValue>(child, target);
      return add(from.length === 0 ? target : remove(target, from), path, moved);
    }
    case 'copy':
      return add(target, path, parsePath(need('from')).reduce<RegoValue>(child, target));
    case 'test':
      return formatRego(path.reduce<RegoValue>(child, target)) === formatRego(need('value'))
        ? target
        : undefinedBecause('the test failed');
    default:
      return undefinedBecause('no such operation');
  }
}

const patch: Builtin = (target = null, operations) => arrayOf(operations).reduce<RegoValue>(applyOne, target);

export const jsonPatchBuiltins = { 'json.patch': patch } satisfies Record<string, Builtin>;
