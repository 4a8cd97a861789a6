import assert from 'node:assert/strict';

import { decode, encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';

import { AppError } from '../../shared/errors.ts';
import { CtyNumber, type CtyType, decodeValue, encodeValue, equalValues, valueToJson, valueToPlain } from './index.ts';
import { Dynamic, isValueList, Unknown, unknown, type Value } from './index.ts';

const number = (text: string | bigint | number) => CtyNumber.from(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// A random type and a random value of it, drawn together.
interface Sample {
  readonly type: CtyType;
  readonly value: Value;
}

const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'id'), fc.string({ maxLength: 6 }));
const decimal = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(number),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: -60, max: 60 }))
    .map(([c, e]) => number(`${c}e${e}`)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(number),
);
const refinement = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => new Unknown(bytes));

function valueOf(type: CtyType): fc.Arbitrary<Value> {
  const known = knownOf(type);
  return fc.oneof(
    { weight: 8, arbitrary: known },
    { weight: 1, arbitrary: fc.constantFrom<Value>(null, unknown) },
    { weight: 1, arbitrary: refinement },
  );
}

function knownOf(type: CtyType): fc.Arbitrary<Value> {
  if (type === 'string') return fc.string({ unit: 'grapheme' }).map((text) => text.normalize('NFC'));
  if (type === 'number') return decimal;
  if (type === 'bool') return fc.boolean();
  if (type === 'dynamic') return anyType(1).chain((inner) => valueOf(inner).map((value) => new Dynamic(inner, value)));
  if ('list' in type) return fc.array(valueOf(type.list), { maxLength: 4 });
  if ('set' in type) return fc.array(valueOf(type.set), { maxLength: 4 });
  if ('map' in type)
    return fc
      .array(fc.tuple(key, valueOf(type.map)), { maxLength: 4 })
      .map((entries) => new Map(entries.map(([k, v]) => [k.normalize('NFC'), v])));
  if ('tuple' in type) return fc.tuple(...type.tuple.map(valueOf));
  return fc
    .tuple(
      ...Object.entries(type.object).map(([name, inner]) =>
        valueOf(inner).map((value): [string, Value] => [name, value]),
      ),
    )
    .map((entries) => new Map(entries));
}

function anyType(depth: number): fc.Arbitrary<CtyType> {
  const flat = fc.constantFrom<CtyType>('string', 'number', 'bool');
  if (depth === 0) return flat;
  const inner = anyType(depth - 1);
  return fc.oneof(
    flat,
    fc.constant<CtyType>('dynamic'),
    inner.map((list): CtyType => ({ list })),
    inner.map((set): CtyType => ({ set })),
    inner.map((map): CtyType => ({ map })),
    fc.array(inner, { maxLength: 3 }).map((tuple): CtyType => ({ tuple })),
    fc
      .array(fc.tuple(key, inner), { maxLength: 3 })
      .map((entries): CtyType => ({ object: Object.fromEntries(entries) })),
  );
}

const sample: fc.Arbitrary<Sample> = anyType(3).chain((type) => valueOf(type).map((value) => ({ type, value })));

// Sets lose order and repeats on the wire: what comes back once must come back the same ever after.
function throughWire({ type, value }: Sample): Value {
  return decodeValue(encodeValue(value, type), type);
}

function hasSet(type: CtyType): boolean {
  if (typeof type === 'string') return type === 'dynamic';
  if ('set' in type) return true;
  if ('list' in type) return hasSet(type.list);
  if ('map' in type) return hasSet(type.map);
  return 'tuple' in type ? type.tuple.some(hasSet) : Object.values(type.object).some(hasSet);
}

describe('values on the wire', () => {
  it('come back as they were, for any value of any type', () => {
    fc.assert(
      fc.property(sample, ({ type, value }) => {
        const back = throughWire({ type, value });
        assert.ok(hasSet(type) || equalValues(back, value));
        assert.ok(equalValues(throughWire({ type, value: back }), back));
      }),
      { numRuns: 1000 },
    );
  });

  it('are MessagePack that another reader understands', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 40 }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (texts, integer) => {
          const list = texts.map((text) => text.normalize('NFC'));
          const value = new Map<string, Value>([
            ['texts', list],
            ['integer', number(integer)],
            ['gone', null],
          ]);
          const bytes = encodeValue(value, { object: { texts: { list: 'string' }, integer: 'number', gone: 'bool' } });
          const read: unknown = decode(bytes, { useBigInt64: true });
          assert.deepEqual(read, {
            gone: null,
            integer: BigInt(integer) >= 2n ** 32n || BigInt(integer) < -(2n ** 31n) ? integer : Number(integer),
            texts: list,
          });
        },
      ),
    );
  });

  it('are read from what another writer wrote', () => {
    const bytes = encode({ names: ['b', 'a'], size: 300, ratio: 0.5, later: new ExtData(0, new Uint8Array(1)) });
    const type: CtyType = { object: { names: { set: 'string' }, size: 'number', ratio: 'number', later: 'bool' } };
    assert.deepEqual(valueToPlain(decodeValue(bytes, type)), { names: ['a', 'b'], size: 300, ratio: 0.5, later: null });
  });

  it('never crash the reader with anything but a named failure', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), anyType(3), (bytes, type) => {
        try {
          decodeValue(bytes, type);
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'PROVIDER_FAILED');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused with the path when they do not fit', () => {
    const wrong = encodeValue(new Map<string, Value>([['a', ['x', 'y']]]), { object: { a: { list: 'string' } } });
    assert.throws(
      () => decodeValue(wrong, { object: { a: { list: 'number' } } }),
      /a value at a\[0\] .*not a decimal number/,
    );
    assert.throws(() => decodeValue(wrong, { object: { b: 'string' } }), /no such attribute: "a"/);
    assert.throws(() => decodeValue(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), { list: 'string' }), /beyond the end/);
  });
});

describe('numbers', () => {
  // What the terraform binary sends for the same numbers.
  const wire: readonly (readonly [string, string])[] = [
    ['0', '00'],
    ['-1', 'ff'],
    ['128', 'cc80'],
    ['9223372036854775807', 'cf7fffffffffffffff'],
    ['9223372036854775808', `b3${hex(Buffer.from('9223372036854775808'))}`],
    ['0.5', 'cb3fe0000000000000'],
    ['0.1', `a3${hex(Buffer.from('0.1'))}`],
    ['0.0000001', `a9${hex(Buffer.from('0.0000001'))}`],
    ['1e30', `bf${hex(Buffer.from(`1${'0'.repeat(30)}`))}`],
  ];
  for (const [text, bytes] of wire) {
    it(`sends ${text} as Terraform does`, () => assert.equal(hex(encodeValue(number(text), 'number')), bytes));
  }

  it('keep every digit', () => {
    for (const text of [
      '9007199254740993',
      '0.1234567890123456789',
      '-12.5',
      '340282366920938463463374607431768211456',
    ]) {
      assert.ok(equalValues(decodeValue(encodeValue(number(text), 'number'), 'number'), number(text)), text);
      assert.equal(number(text).toString(), text);
    }
  });

  it('are equal however they are written', () => {
    assert.ok(number('1e3').equals(number('1000.0')));
    assert.ok(number('-0').equals(number('0')));
    assert.ok(!number('9007199254740993').equals(number('9007199254740992')));
    assert.equal(number('2').compare(number('10')), -1);
  });

  it('refuse what is no number and what is far too long', () => {
    for (const text of ['', '.', 'abc', 'NaN', 'Infinity', '0x10', '1e99999', '9'.repeat(2000)]) {
      assert.throws(() => number(text), RangeError, text);
    }
  });

  it('are plain JSON numbers only where no digit is lost', () => {
    assert.equal(valueToPlain(number('0.1')), 0.1);
    assert.equal(valueToPlain(number('9007199254740993')), '9007199254740993');
  });
});

describe('unknown, dynamic and set values', () => {
  it('echo what is known of an unknown', () => {
    const refined = Uint8Array.from([0xc7, 0x03, 12, 0x81, 0x01, 0xc2]);
    assert.equal(hex(encodeValue(decodeValue(refined, 'string'), 'string')), hex(refined));
    assert.equal(hex(encodeValue(unknown, 'string')), 'd40000');
  });

  it('keep the type that a dynamic value brought', () => {
    const typed = new Dynamic({ list: 'string' }, ['a']);
    assert.equal(hex(encodeValue(typed, 'dynamic')), `92c411${hex(Buffer.from('["list","string"]'))}91a161`);
    assert.ok(equalValues(decodeValue(encodeValue(typed, 'dynamic'), 'dynamic'), typed));
    assert.equal(valueToJson(typed, 'dynamic'), '{"value":["a"],"type":["list","string"]}');
  });

  it('give a bare list in a dynamic place the type of a tuple', () => {
    const empty = decodeValue(encodeValue([], 'dynamic'), 'dynamic');
    assert.ok(empty instanceof Dynamic);
    assert.deepEqual(empty.type, { tuple: [] });
  });

  it('sort a set and drop repeats, as Terraform does', () => {
    const back = decodeValue(encodeValue(['b', 'a', 'é', 'B', '', '10', '9', 'a'], { set: 'string' }), {
      set: 'string',
    });
    assert.deepEqual(back, ['', '10', '9', 'B', 'a', 'b', 'é']);
    const numbers = decodeValue(encodeValue([number(10), number(9)], { set: 'number' }), { set: 'number' });
    assert.ok(isValueList(numbers));
    assert.deepEqual(numbers.map(String), ['9', '10']);
  });

  it('compose characters before they travel', () => {
    assert.equal(hex(encodeValue('e\u0301', 'string')), 'a2c3a9');
  });

  it('write state as JSON with exact numbers', () => {
    const value = new Map<string, Value>([
      ['n', number('9007199254740993')],
      ['__proto__', null],
    ]);
    assert.equal(valueToJson(value, { map: 'number' }), '{"n":9007199254740993,"__proto__":null}');
  });
});

describe('values of every size', () => {
  const written = (value: Value, type: CtyType): unknown => decode(encodeValue(value, type), { useBigInt64: true });

  it('write integers as short as they go', () => {
    const powers = [0n, 5n, 6n, 7n, 8n, 15n, 16n, 31n, 32n, 62n].map((power) => 2n ** power);
    for (const integer of powers.flatMap((power) => [power - 1n, power, -power, -power - 1n])) {
      assert.equal(BigInt(Number(written(number(integer), 'number'))), BigInt(Number(integer)));
      assert.ok(equalValues(decodeValue(encodeValue(number(integer), 'number'), 'number'), number(integer)));
    }
  });

  it('write texts, lists, maps and refinements of any length', () => {
    for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const text = 'x'.repeat(length);
      assert.equal(written(text, 'string'), text);
      const list = Array.from({ length }, () => true);
      assert.deepEqual(written(list, { list: 'bool' }), list);
      const map = new Map(list.map((value, at) => [String(at), value]));
      assert.ok(equalValues(decodeValue(encodeValue(map, { map: 'bool' }), { map: 'bool' }), map));
    }
    for (const length of [1, 2, 4, 8, 16, 17, 200]) {
      const later = new Unknown(new Uint8Array(length));
      assert.ok(equalValues(decodeValue(encodeValue(later, 'bool'), 'bool'), later));
    }
  });

  it('write long types of dynamic values', () => {
    for (const length of [10, 300, 70_000]) {
      const typed = new Dynamic({ object: { ['x'.repeat(length)]: 'bool' } }, new Map([['x'.repeat(length), true]]));
      assert.ok(equalValues(decodeValue(encodeValue(typed, 'dynamic'), 'dynamic'), typed));
    }
  });

  it('are stored as JSON part by part', () => {
    const type: CtyType = {
      object: { l: { list: 'bool' }, s: { set: 'string' }, t: { tuple: ['string', 'number'] }, any: 'dynamic' },
    };
    const value = new Map<string, Value>([
      ['l', [true]],
      ['s', ['a']],
      ['t', ['x', number('0.1')]],
      ['any', ['y']],
    ]);
    assert.equal(
      valueToJson(value, type),
      '{"l":[true],"s":["a"],"t":["x",0.1],"any":{"value":["y"],"type":["tuple",["string"]]}}',
    );
    assert.throws(() => valueToJson(unknown, 'string'), /unknown value in state/);
  });
});
