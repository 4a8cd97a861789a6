import type { CtyType } from '../../providers/index.ts';
import { typeToJson } from '../../providers/index.ts';
import type { Random } from '../campaign.ts';

/** MessagePack of a value that mostly fits the type, and here and there is what no honest provider would send. */
export function hostileValue(random: Random, type: CtyType): Buffer {
  const whole = part(random, type, 0.04);
  return random.chance(0.15) ? damageBytes(random, whole) : whole;
}

/** The same without anything odd: what an honest provider could send. */
export function honestValue(random: Random, type: CtyType): Buffer {
  return part(random, type, 0);
}

function part(random: Random, type: CtyType, oddity: number): Buffer {
  if (random.chance(oddity)) return odd(random, type);
  if (random.chance(0.08)) return Buffer.of(0xc0);
  if (random.chance(0.06)) return random.chance(0.7) ? Buffer.of(0xd4, 0, 0) : REFINED;
  if (typeof type === 'string') return primitive(random, type, oddity);
  if ('object' in type) return object(random, Object.entries(type.object), oddity);
  if ('map' in type)
    return object(
      random,
      keys(random).map((key): [string, CtyType] => [key, type.map]),
      oddity,
    );
  const elements = 'tuple' in type ? type.tuple : few(random, 'list' in type ? type.list : type.set);
  return Buffer.concat([arrayHeader(elements.length), ...elements.map((each) => part(random, each, oddity))]);
}

const REFINED = Buffer.of(0xc7, 3, 12, 0x81, 1, 0xc2);

const few = (random: Random, element: CtyType): CtyType[] => Array.from({ length: random.below(4) }, () => element);

const KEYS = ['a', 'b', '__proto__', 'constructor', 'e\u0301', '', '\u001b[31m\u202e', 'k'.repeat(3_000)];

function keys(random: Random): string[] {
  return [...new Set(Array.from({ length: random.below(3) }, () => random.pick(KEYS)))];
}

function primitive(random: Random, type: 'string' | 'number' | 'bool' | 'dynamic', oddity: number): Buffer {
  if (type === 'bool') return Buffer.of(0xc2 + random.below(2));
  if (type === 'string') return text(random.pick(['', 'a', 'x', 'same', 'e\u0301', 'long '.repeat(80)]));
  if (type === 'number')
    return random.pick([Buffer.of(7), text('12.5'), Buffer.of(0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)]);
  const inner = random.pick<CtyType>(['string', 'number', { list: 'string' }, { object: { a: 'bool' } }, 'dynamic']);
  const named = Buffer.from(JSON.stringify(typeToJson(inner)));
  return Buffer.concat([Buffer.of(0x92, 0xc4, named.length), named, part(random, inner, oddity)]);
}

function object(random: Random, entries: readonly (readonly [string, CtyType])[], oddity: number): Buffer {
  const kept = entries.filter(() => !random.chance(oddity));
  const all = random.chance(oddity) ? [...kept, ...kept.slice(0, 1)] : kept;
  const named = random.chance(oddity) ? [...all, ['__proto__', 'string'] as const] : all;
  return Buffer.concat([
    mapHeader(named.length),
    ...named.flatMap(([name, inner]) => [text(name), part(random, inner, oddity)]),
  ]);
}

const others: readonly CtyType[] = [
  'string',
  'number',
  'bool',
  'dynamic',
  { list: 'bool' },
  { map: 'string' },
  { tuple: [] },
];

/** What is in the place of a value of the type. */
function odd(random: Random, type: CtyType): Buffer {
  return random.pick([
    () => part(random, random.pick(others), 0),
    () => Buffer.of(0xc1), // no tag at all
    () => Buffer.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), // not a number
    () => Buffer.of(0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0), // infinite
    () => Buffer.of(0xcf, 255, 255, 255, 255, 255, 255, 255, 255),
    () => text('9'.repeat(2_000)),
    () => text('1e999999'),
    () => Buffer.concat([Buffer.of(0xa4), Buffer.of(0xff, 0xfe, 0xc3, 0x28)]), // not UTF-8
    () => text('\u0000\u001b[31m\u202e\u2028'),
    () => Buffer.of(0xdd, 255, 255, 255, 255), // four billion elements
    () => Buffer.of(0xdf, 127, 255, 255, 255),
    () => Buffer.of(0xdb, 255, 255, 255, 255),
    () => Buffer.of(0xc6, 255, 255, 255, 255),
    () => extension(random.pick([1, 5, 12, 12, 99, 255]), random.below(40)),
    () => extension(12, 70_000),
    () => Buffer.alloc(1 + random.below(400), 0x91), // a list in a list in a list
    () => Buffer.concat([Buffer.alloc(300, 0x91), Buffer.of(1)]),
    () => nestedDynamic(random.pick([3, 90, 400])),
    () =>
      Buffer.concat([
        mapHeader(2),
        text('__proto__'),
        mapHeader(1),
        text('polluted'),
        Buffer.of(0xc3),
        text('a'),
        Buffer.of(1),
      ]),
    () => Buffer.concat([Buffer.of(0x92), binary(typeName(random)), part(random, type, 0)]),
  ])();
}

/** A type as a provider names it in a place of dynamic type. */
function typeName(random: Random): Buffer {
  return Buffer.from(
    random.pick([
      '"string', '["list"]', '["object",{"__proto__":"string"}]', '["object",[]]', '["tuple","string"]', '"\u0000"', 'null',
      '["map",["map","nothing"]]', '{}', `${'["list",'.repeat(70)}"bool"${']'.repeat(70)}`, '['.repeat(50_000), '["object",{"a":"bool"},["b"]]',
    ]),
  ); // prettier-ignore
}

function nestedDynamic(depth: number): Buffer {
  const layer = Buffer.concat([Buffer.of(0x92), binary(Buffer.from('"dynamic"'))]);
  return Buffer.concat([...Array.from({ length: depth }, () => layer), Buffer.of(0xc0)]);
}

/** Bits flipped, bytes cut off, put in, said twice. */
export function damageBytes(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return random.pick([
    () => bytes.subarray(0, at),
    () => bytes.subarray(at),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.concat([bytes.subarray(0, at), noise(random, 1 + random.below(8)), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length + 1))]),
    () => flipBit(random, bytes),
    () => flipBit(random, flipBit(random, bytes)),
  ])();
}

function flipBit(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

export const noise = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)));

function arrayHeader(count: number): Buffer {
  return Buffer.of(0xdc, count >> 8, count & 255);
}

function mapHeader(count: number): Buffer {
  return Buffer.of(0xde, count >> 8, count & 255);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(0xda, bytes.length >> 8, bytes.length & 255), bytes]);
}

function binary(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0xc6, 0, 0, bytes.length >> 8, bytes.length & 255), bytes]);
}

function extension(type: number, length: number): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(0xc9, 0);
  header.writeUInt32BE(length, 1);
  header.writeUInt8(type, 5);
  return Buffer.concat([header, Buffer.alloc(length, 0x81)]);
}
