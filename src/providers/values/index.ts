// Values of Terraform's type system: their form in memory, on the wire, in stored state and in the API.
export { CtyNumber } from './cty-number.ts';
export { type CtyObject, type CtyType, describeType, hasDynamic, parseType, typeToJson } from './cty-type.ts';
export { Dynamic, isDynamic, isValueList, isValueMap, isWhollyKnown, Unknown, unknown } from './value.ts';
export type { Value, ValueMap } from './value.ts';
export { typeOfValue } from './type-of-value.ts';
export { decodeValue } from './decode-value.ts';
export { encodeValue, nullValue } from './encode-value.ts';
export { compareValues, equalValues, normalizeSet } from './compare-values.ts';
export { valueToJson } from './value-to-json.ts';
export { valueToPlain } from './value-to-plain.ts';
