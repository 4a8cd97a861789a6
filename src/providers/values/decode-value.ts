import { AppError } from '../../shared/errors.ts';
import { formatPath } from '../../shared/problems.ts';
import { normalizeSet } from './compare-values.ts';
import { CtyNumber } from './cty-number.ts';
import { type CtyObject, type CtyType, parseType } from './cty-type.ts';
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts';
import { Dynamic, Unknown, unknown, type Value } from './value.ts';

const MAX_DEPTH = 100; // deeper than any schema; a hostile value must not exhaust the stack
const REFINED_UNKNOWN = 12; // extension type of an unknown value about which something is known

interface Decoder {
  readonly reader: MsgpackReader;
  readonly path: (string | number)[];
}

/**
 * Reads a value from the MessagePack form of the provider protocol.
 *
 * @param type the type both sides agree on; an object must have every attribute and no other
 * @throws AppError PROVIDER_FAILED naming the attribute, when the bytes are not a value of that type
 */
export function decodeValue(bytes: Uint8Array, type: CtyType): Value {
  const decoder: Decoder = { reader: new MsgpackReader(bytes), path: [] };
  try {
    const value = decodeAny(decoder, type);
    if (!decoder.reader.atEnd()) throw new MsgpackError('bytes after the end');
    return value;
  } catch (error) {
    if (!(error instanceof MsgpackError) && !(error instanceof RangeError)) throw error;
    throw undecodable(decoder.path, error);
  }
}

function undecodable(path: readonly (string | number)[], cause: Error): AppError {
  const where = path.length === 0 ? 'a value' : `a value at ${formatPath(path)}`;
  return new AppError('PROVIDER_FAILED', `the provider sent ${where} that does not fit its schema: ${cause.message}`, {
    details: { path },
    cause,
  });
}

function decodeAny(decoder: Decoder, type: CtyType): Value {
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
  if (type === 'string') return reader.string();
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
  return type === REFINED_UNKNOWN ? new Unknown(Uint8Array.from(payload)) : unknown;
}

function decodeNumber(reader: MsgpackReader): CtyNumber {
  const kind = reader.peek();
  if (kind === 'string') return CtyNumber.from(reader.string());
  return CtyNumber.from(kind === 'float' ? reader.float() : reader.integer());
}

function decodeDynamic(decoder: Decoder): Dynamic {
  const { reader } = decoder;
  if (reader.arrayHeader() !== 2) throw new MsgpackError('a dynamic value without its type');
  const type = parseType(parseTypeJson(reader.binary().toString('utf8')));
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
  return Array.from({ length: count }, (_, at) => inside(decoder, at, () => decodeAny(decoder, element)));
}

function decodeTuple(decoder: Decoder, elements: readonly CtyType[]): Value[] {
  const count = decoder.reader.arrayHeader();
  if (count !== elements.length) throw new MsgpackError(`${count} elements in place of ${elements.length}`);
  return elements.map((element, at) => inside(decoder, at, () => decodeAny(decoder, element)));
}

function decodeMap(decoder: Decoder, element: CtyType): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let left = decoder.reader.mapHeader(); left > 0; left -= 1) {
    const key = decoder.reader.string();
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
    if (attribute === undefined) throw new MsgpackError(`no such attribute: ${JSON.stringify(name)}`);
    map.set(
      name,
      inside(decoder, name, () => decodeAny(decoder, attribute)),
    );
  }
  const missing = Object.keys(type.object).find((name) => !map.has(name));
  if (missing !== undefined) throw new MsgpackError(`attribute ${missing} is missing`);
  return map;
}

// On failure the path stays as it was at that moment: the message names it.
function inside<T>(decoder: Decoder, step: string | number, work: () => T): T {
  decoder.path.push(step);
  const result = work();
  decoder.path.pop();
  return result;
}
