import type { FieldNames } from '../../generated/catalog.ts';
import { isJsonObject, type Json } from '../shared/json.ts';

/** A configuration in the names of the API, in those of the provider. Maps and free values are left as they are. */
export function toProviderNames(value: Json, names: FieldNames): Json {
  return rename(value, names);
}

/** A state in the names of the provider, in those of the API. */
export function toApiNames(value: Json, names: FieldNames): Json {
  return rename(value, inverseOf(names));
}

function rename(value: Json, names: FieldNames): Json {
  if (isList(value)) return value.map((part) => rename(part, names));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const entry = Object.hasOwn(names, key) ? names[key] : undefined;
      if (entry === undefined) return [key, part];
      return typeof entry === 'string' ? [entry, part] : [entry[0], rename(part, entry[1])];
    }),
  );
}

const inverses = new WeakMap<FieldNames, FieldNames>(); // a mapping is generated once and used for every answer

function inverseOf(names: FieldNames): FieldNames {
  const known = inverses.get(names);
  if (known !== undefined) return known;
  const pairs = Object.entries(names).map(([field, entry]): [string, FieldNames[string]] =>
    typeof entry === 'string' ? [entry, field] : [entry[0], [field, inverseOf(entry[1])]],
  );
  const inverse: FieldNames = Object.fromEntries(pairs);
  inverses.set(names, inverse);
  return inverse;
}

// `Array.isArray` does not narrow read-only lists.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
