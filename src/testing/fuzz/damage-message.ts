import type { Random } from '../campaign.ts';
import { damageBytes, noise } from './hostile-value.ts';

/** One field of a protobuf message as it lies in the bytes. */
interface Field {
  readonly number: number;
  readonly wire: number;
  /** What comes after the tag; of a field with a length, without the length. */
  readonly body: Buffer;
}

const MAX_FIELD_NUMBER = 536_870_911;

/**
 * The message with something wrong in it: a field left out, told twice, of another kind or one that nobody knows, or the
 * bytes themselves damaged. Messages in the message get their share.
 */
export function damageMessage(random: Random, bytes: Buffer, depth = 0): Buffer {
  const fields = readFields(bytes);
  if (fields === undefined || fields.length === 0 || random.chance(0.1)) return damageBytes(random, bytes);
  const at = random.below(fields.length);
  const field = fields[at] ?? { number: 1, wire: 0, body: Buffer.of(0) };
  const replaceBy = (...by: Field[]): Field[] => [...fields.slice(0, at), ...by, ...fields.slice(at + 1)];
  if (field.wire === 2 && depth < 6 && random.chance(0.5)) {
    return writeFields(replaceBy({ ...field, body: damageMessage(random, field.body, depth + 1) }));
  }
  return random.pick([
    () => writeFields(replaceBy()),
    () => writeFields(replaceBy(field, field)),
    () => writeFields(replaceBy(field, { ...field, body: damageBytes(random, field.body) })),
    () => writeFields(replaceBy({ ...field, number: 1 + random.below(12) })),
    () => writeFields(replaceBy(field, { number: MAX_FIELD_NUMBER, wire: 2, body: noise(random, 500) })),
    () => writeFields(replaceBy({ number: field.number, wire: 0, body: varint(2 ** 31 - 1) })),
    () => writeFields(replaceBy({ number: field.number, wire: 0, body: Buffer.alloc(10, 0xff) })),
    () => writeFields(replaceBy({ number: field.number, wire: 1, body: noise(random, 8) })),
    () => writeFields(replaceBy({ number: field.number, wire: 2, body: Buffer.alloc(0) })),
    () => writeFields(replaceBy({ number: field.number, wire: 2, body: Buffer.from('\u0000\u001b[2J\u202e\u2066') })),
    () => writeFields(replaceBy({ number: field.number, wire: 2, body: Buffer.of(0xff, 0xfe, 0xc3, 0x28) })),
    () => writeFields(replaceBy({ number: field.number, wire: 3, body: Buffer.alloc(0) })), // a group that never ends
    () => Buffer.concat([writeFields(fields.slice(0, at)), tag(field), varint(2 ** 31 - 1)]), // a length beyond the end
    () => Buffer.concat([writeFields(fields), Buffer.alloc(2_000, 0x0b)]), // groups in groups in groups
    () => writeFields(Array.from({ length: 300 }, () => field)),
    () => writeFields(replaceBy({ ...field, body: wrapped(field, 4_000) })),
  ])();
}

/** The message in the same field of itself, so many times. */
function wrapped(field: Field, depth: number): Buffer {
  let body = field.body.subarray(0, 64);
  for (let level = 0; level < depth; level += 1) body = writeFields([{ ...field, wire: 2, body }]);
  return body;
}

function readFields(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): number => {
    for (let value = 0, scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return NaN;
  };
  while (at < bytes.length) {
    const key = number();
    const wire = key % 8;
    const start = at;
    const length = wire === 2 ? number() : wire === 1 ? 8 : wire === 5 ? 4 : undefined;
    if (length === undefined && (wire !== 0 || Number.isNaN(number()))) return undefined;
    const body = length === undefined ? bytes.subarray(start, at) : bytes.subarray(at, at + length);
    if (Number.isNaN(key) || (length !== undefined && body.length !== length)) return undefined;
    at += length ?? 0;
    fields.push({ number: Math.floor(key / 8), wire, body });
  }
  return fields;
}

function writeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => [tag(field), ...(field.wire === 2 ? [varint(field.body.length)] : []), field.body]),
  );
}

function tag({ number, wire }: Pick<Field, 'number' | 'wire'>): Buffer {
  return varint(number * 8 + wire);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.of(...bytes, rest);
}
