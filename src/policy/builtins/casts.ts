import { type Builtin, elementsOf, undefinedBecause } from './builtin.ts';
import { RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

/** Casts of Rego v0: they convert nothing but arrays and sets, and are undefined for another type. */
function onlyIf(fits: (value: RegoValue) => boolean): Builtin {
  return (value = null) => (fits(value) ? value : undefinedBecause('operand is of another type'));
}

export const castBuiltins = {
  cast_array: (value) => elementsOf(value),
  cast_set: (value) => new RegoSet(elementsOf(value)),
  cast_string: onlyIf((value) => typeof value === 'string'),
  cast_boolean: onlyIf((value) => typeof value === 'boolean'),
  cast_null: onlyIf((value) => value === null),
  cast_object: onlyIf((value) => value instanceof RegoObject),
} satisfies Record<string, Builtin>;
