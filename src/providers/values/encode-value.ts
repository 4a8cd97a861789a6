import { invariant } from '../../shared/errors.ts';
import { normalizeSet } from './compare-values.ts';
import { CtyNumber } from './cty-number.ts';
import { type CtyObject, type CtyType, typeToJson } from './cty-type.ts';
import { typeOfValue } from './type-of-value.ts';
import { MsgpackWriter } from './msgpack-writer.ts';
import { Dynamic, isValueList, isValueMap, Unknown, type Value } from './value.ts';

const PLAIN_UNKNOWN = new Uint8Array(1); // extension type 0; its one byte says nothing
const REFINED_UNKNOWN = 12;

/** MessagePack of the null value, which also stands for an object that is not there. */
export const nullValue: Uint8Array = Uint8Array.of(0xc0);

/**
 * Writes a value in the MessagePack form of the provider protocol, exactly as Terraform does: integers of 64 bits as
 * integers, fractions that a double holds exactly as doubles, other numbers as text, strings in NFC, sets sorted.
 *
 * @throws invariant when the value is not of the type: whoever made it should have checked
 */
export function encodeValue(value: Value, type: CtyType): Uint8Array {
  const writer = new MsgpackWriter();
  encodeAny(writer, value, type);
  return writer.bytes();
}

function encodeAny(writer: MsgpackWriter, value: Value, type: CtyType): void {
  if (value instanceof Unknown) encodeUnknown(writer, value);
  else if (value === null) writer.nil();
  else if (type === 'dynamic') encodeDynamic(writer, value);
  else if (value instanceof Dynamic) encodeAny(writer, value.value, type);
  else encodeKnown(writer, value, type);
}

function encodeUnknown(writer: MsgpackWriter, value: Unknown): void {
  if (value.refinement === undefined) writer.extension(0, PLAIN_UNKNOWN);
  else writer.extension(REFINED_UNKNOWN, value.refinement);
}

function encodeDynamic(writer: MsgpackWriter, value: Value): void {
  const typed = value instanceof Dynamic ? value : new Dynamic(typeOfValue(value), value);
  writer.arrayHeader(2);
  writer.binary(Buffer.from(JSON.stringify(typeToJson(typed.type))));
  encodeAny(writer, typed.value, typed.type);
}

function encodeKnown(writer: MsgpackWriter, value: Value, type: Exclude<CtyType, 'dynamic'>): void {
  if (typeof type === 'string') encodePrimitive(writer, value, type);
  else if ('object' in type) encodeObject(writer, value, type);
  else if ('map' in type) encodeMap(writer, value, type.map);
  else encodeSequence(writer, value, type);
}

function encodePrimitive(writer: MsgpackWriter, value: Value, type: 'string' | 'number' | 'bool'): void {
  if (type === 'string' && typeof value === 'string') writer.string(value.normalize('NFC'));
  else if (type === 'bool' && typeof value === 'boolean') writer.bool(value);
  else if (type === 'number' && value instanceof CtyNumber) encodeNumber(writer, value);
  else invariant(false, `a value that is no ${type}`);
}

function encodeNumber(writer: MsgpackWriter, value: CtyNumber): void {
  const integer = value.toInt64();
  if (integer !== undefined) return writer.integer(integer);
  const double = value.toExactDouble();
  return double === undefined ? writer.string(value.toString()) : writer.double(double);
}

function encodeMap(writer: MsgpackWriter, value: Value, element: CtyType): void {
  invariant(isValueMap(value), 'a value that is no map');
  writer.mapHeader(value.size);
  for (const [key, part] of value) {
    writer.string(key.normalize('NFC'));
    encodeAny(writer, part, element);
  }
}

// Every attribute is written, in the order of the type; what the value leaves out is null.
function encodeObject(writer: MsgpackWriter, value: Value, type: CtyObject): void {
  invariant(isValueMap(value), 'a value that is no object');
  const names = Object.keys(type.object).toSorted();
  const stray = value.keys().find((name) => !Object.hasOwn(type.object, name));
  invariant(stray === undefined, `an object with the attribute ${stray} that its type lacks`);
  writer.mapHeader(names.length);
  for (const name of names) {
    writer.string(name);
    encodeAny(writer, value.get(name) ?? null, type.object[name] ?? 'dynamic');
  }
}

type Sequence = Extract<CtyType, { list: unknown } | { set: unknown } | { tuple: unknown }>;

function encodeSequence(writer: MsgpackWriter, value: Value, type: Sequence): void {
  invariant(isValueList(value), 'a value that is no list');
  const elements = 'set' in type ? normalizeSet(value) : value;
  writer.arrayHeader(elements.length);
  for (const [at, element] of elements.entries()) encodeAny(writer, element, elementType(type, at));
}

function elementType(type: Sequence, at: number): CtyType {
  if ('list' in type) return type.list;
  if ('set' in type) return type.set;
  const element = type.tuple[at];
  invariant(element !== undefined, 'a tuple of the wrong length');
  return element;
}
