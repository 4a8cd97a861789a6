import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import { AppError } from '../../shared/errors.ts';
import { formatPath } from '../../shared/problems.ts';
import { normalizeSet } from './compare-values.ts';
import { CtyNumber } from './cty-number.ts';
import { type CtyObject, type CtyType, parseType } from './cty-type.ts';
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts';
import { Dynamic, Unknown, unknown, type Value } from './value.ts';

const MAX_DEPTH = 100; // deeper than any schema; a hostile value must not exhaust the stack
const MAX_PARTS = 1_000_000; // a byte of a message can cost a hundred of memory; real states have some thousands
const REFINED_UNKNOWN = 12; // extension type of an unknown value about which something is known
const MAX_TYPE_BYTES = 1_000_000; // of the text by which a value of any type says its own
const MAX_REFINEMENT_BYTES = 1_024; // as Terraform has it
const MAX_SHOWN_STEPS = 20;
const MAX_SHOWN_LENGTH = 100;

interface Decoder {
  readonly reader: MsgpackReader;
  parts: number;
  readonly path: (string | number)[];
}

/**
 * Reads a value from the MessagePack form of the provider protocol.
 *
 * @param type the type both sides agree on; an object must have every attribute and no other
 * @throws AppError PROVIDER_FAILED naming the attribute, when the bytes are not a value of that type
 */
export function decodeValue(bytes: Uint8Array, type: CtyType): Value {
  const decoder: Decoder = { reader: new MsgpackReader(bytes), parts: 0, path: [] };
  try {
    const value = decodeAny(decoder, type);
    if (!decoder.reader.atEnd()) throw new MsgpackError('bytes after the end');
    return value;
  } catch (error) {
    if (!(error instanceof MsgpackError) && !(error instanceof RangeError)) throw error;
    throw undecodable(decoder.path, error);
  }
}

function undecodable(met: readonly (string | number)[], cause: Error): AppError {
  const path = met.slice(0, MAX_SHOWN_STEPS).map((step) => (typeof step === 'string' ? shownName(step) : step));
  const where = path.length === 0 ? 'a value' : `a value at ${formatPath(path)}`;
  return new AppError('PROVIDER_FAILED', `the provider sent ${where} that does not fit its schema: ${cause.message}`, {
    details: { path },
    cause,
  });
}

/** A name or a key from outside, as it may stand in a message. */
function shownName(name: string): string {
  const cut = name.length > MAX_SHOWN_LENGTH ? `${name.slice(0, MAX_SHOWN_LENGTH)}…` : name;
  return replaceDeceiving(cut, '\ufffd');
}

function decodeAny(decoder: Decoder, type: CtyType): Value {
  decoder.parts += 1;
  if (decoder.parts > MAX_PARTS) throw new MsgpackError(`more than ${MAX_PARTS} parts`);
  const kind = decoder.reader.peek();
  if (kind === 'extension') return decodeUnknown(decoder.reader);
  if (kind === 'nil') {
    decoder.reader.nil();
    return null;
  }
  if (decoder.path.length > MAX_DEPTH) throw new MsgpackError('nested too deeply');
  return decodeKnown(decoder, type);
}

function decodeKnown(decoder: Decoder, type: CtyType): Value {
  const { reader } = decoder;
  if (type === 'string') return decodeText(reader);
  if (type === 'bool') return reader.bool();
  if (type === 'number') return decodeNumber(reader);
  if (type === 'dynamic') return decodeDynamic(decoder);
  if ('list' in type) return decodeElements(decoder, type.list);
  if ('set' in type) return normalizeSet(decodeElements(decoder, type.set));
  if ('map' in type) return decodeMap(decoder, type.map);
  return 'tuple' in type ? decodeTuple(decoder, type.tuple) : decodeObject(decoder, type);
}

function decodeUnknown(reader: MsgpackReader): Unknown {
  const { type, payload } = reader.extension();
  if (type === REFINED_UNKNOWN && payload.length <= MAX_REFINEMENT_BYTES) return new Unknown(Uint8Array.from(payload));
  if (type === REFINED_UNKNOWN) throw new MsgpackError('too much said of an unknown value');
  if (payload.length > 1) throw new MsgpackError(`an extension of type ${type}`);
  return unknown;
}

/** Characters are composed, as they are in what is sent: else what comes back would differ from it. */
function decodeText(reader: MsgpackReader): string {
  return reader.string().normalize('NFC');
}

function decodeNumber(reader: MsgpackReader): CtyNumber {
  const kind = reader.peek();
  if (kind === 'string') return CtyNumber.from(reader.string());
  return CtyNumber.from(kind === 'float' ? reader.float() : reader.integer());
}

function decodeDynamic(decoder: Decoder): Dynamic {
  const { reader } = decoder;
  if (reader.arrayHeader() !== 2) throw new MsgpackError('a dynamic value without its type');
  const named = reader.binary();
  if (named.length > MAX_TYPE_BYTES) throw new MsgpackError('a type that is too long');
  const type = parseType(parseTypeJson(named.toString('utf8')));
  return new Dynamic(
    type,
    inside(decoder, 'value', () => decodeAny(decoder, type)),
  );
}

function parseTypeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MsgpackError('a type that is not JSON');
  }
}

function decodeElements(decoder: Decoder, element: CtyType): Value[] {
  const count = decoder.reader.arrayHeader();
  const elements: Value[] = []; // grows with what is read: a length that is only claimed costs nothing
  for (let at = 0; at < count; at += 1) elements.push(inside(decoder, at, () => decodeAny(decoder, element)));
  return elements;
}

function decodeTuple(decoder: Decoder, elements: readonly CtyType[]): Value[] {
  const count = decoder.reader.arrayHeader();
  if (count !== elements.length) throw new MsgpackError(`${count} elements in place of ${elements.length}`);
  return elements.map((element, at) => inside(decoder, at, () => decodeAny(decoder, element)));
}

function decodeMap(decoder: Decoder, element: CtyType): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let left = decoder.reader.mapHeader(); left > 0; left -= 1) {
    const key = decodeText(decoder.reader);
    requireNew(map, key);
    map.set(
      key,
      inside(decoder, key, () => decodeAny(decoder, element)),
    );
  }
  return map;
}

function decodeObject(decoder: Decoder, type: CtyObject): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let left = decoder.reader.mapHeader(); left > 0; left -= 1) {
    const name = decoder.reader.string();
    const attribute = Object.hasOwn(type.object, name) ? type.object[name] : undefined;
    if (attribute === undefined) throw new MsgpackError(`no such attribute: ${JSON.stringify(shownName(name))}`);
    requireNew(map, name);
    map.set(
      name,
      inside(decoder, name, () => decodeAny(decoder, attribute)),
    );
  }
  const missing = Object.keys(type.object).find((name) => !map.has(name));
  if (missing !== undefined) throw new MsgpackError(`attribute ${missing} is missing`);
  return map;
}

/** Of two values for one name nobody can say which is meant. */
function requireNew(map: ReadonlyMap<string, Value>, name: string): void {
  if (map.has(name)) throw new MsgpackError(`${JSON.stringify(shownName(name))} is there twice`);
}

// On failure the path stays as it was at that moment: the message names it.
function inside<T>(decoder: Decoder, step: string | number, work: () => T): T {
  decoder.path.push(step);
  const result = work();
  decoder.path.pop();
  return result;
}
