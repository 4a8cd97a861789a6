import { invariant } from '../../shared/errors.ts';
import { CtyNumber } from './cty-number.ts';
import { type CtyType, typeToJson } from './cty-type.ts';
import { typeOfValue } from './type-of-value.ts';
import { Dynamic, isValueList, isValueMap, type Value } from './value.ts';

/**
 * JSON text of a value as Terraform stores it: numbers with all their digits, a value of dynamic type as
 * `{"value": …, "type": …}`. This is what a provider's state upgrade reads.
 *
 * @throws invariant for an unknown value: state is known
 */
export function valueToJson(value: Value, type: CtyType): string {
  if (value === null) return 'null';
  if (type === 'dynamic') return dynamicToJson(value);
  if (value instanceof Dynamic) return valueToJson(value.value, type);
  if (value instanceof CtyNumber) return value.toString();
  if (isValueList(value)) return `[${value.map((element, at) => valueToJson(element, partType(type, at))).join(',')}]`;
  if (isValueMap(value)) return mapToJson(value, type);
  invariant(typeof value === 'string' || typeof value === 'boolean', 'an unknown value in state');
  return JSON.stringify(value);
}

function dynamicToJson(value: Value): string {
  const typed = value instanceof Dynamic ? value : new Dynamic(typeOfValue(value), value);
  return `{"value":${valueToJson(typed.value, typed.type)},"type":${JSON.stringify(typeToJson(typed.type))}}`;
}

function mapToJson(value: ReadonlyMap<string, Value>, type: CtyType): string {
  const entries = [...value].map(([key, part]) => `${JSON.stringify(key)}:${valueToJson(part, partType(type, key))}`);
  return `{${entries.join(',')}}`;
}

/** The type of one part: of a list's element, a map's value, an object's attribute. */
function partType(type: CtyType, step: string | number): CtyType {
  invariant(typeof type !== 'string', 'parts in a primitive type');
  if ('list' in type) return type.list;
  if ('set' in type) return type.set;
  if ('map' in type) return type.map;
  const part = 'tuple' in type ? type.tuple[Number(step)] : type.object[step];
  invariant(part !== undefined, `a part ${step} that the type lacks`);
  return part;
}
