import assert from 'node:assert/strict';

import { encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';

import { isDeceiving } from '../../shared/deceiving-text.ts';
import { AppError } from '../../shared/errors.ts';
import { createRandom } from '../../testing/campaign.ts';
import { everythingType } from '../../testing/fuzz/hostile-provider.ts';
import { hostileValue } from '../../testing/fuzz/hostile-value.ts';
import { type CtyType, decodeValue, encodeValue, equalValues, unknown, Unknown, valueToPlain } from './index.ts';

/** A list of lists of lists … each of which claims so many elements. */
function claims(depth: number, count: number): { readonly bytes: Buffer; readonly type: CtyType } {
  const header = Buffer.alloc(5);
  header.writeUInt8(0xdd, 0);
  header.writeUInt32BE(count, 1);
  let type: CtyType = 'bool';
  for (let level = 0; level < depth; level += 1) type = { list: type };
  return { bytes: Buffer.concat([...Array.from({ length: depth }, () => header), Buffer.alloc(count, 0xc2)]), type };
}

describe('bytes that a provider should not send', () => {
  it('are refused by name, or are a value that can be sent again', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const bytes = hostileValue(createRandom(`${seed}`), everythingType);
        try {
          const value = decodeValue(bytes, everythingType);
          taken += 1;
          assert.ok(equalValues(decodeValue(encodeValue(value, everythingType), everythingType), value));
          JSON.stringify(valueToPlain(value));
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'PROVIDER_FAILED', String(error));
          assert.ok(error.message.length < 4_000 && !isDeceiving(error.message), error.message);
        }
      }),
      { numRuns: 1_000 },
    );
    assert.ok(taken > 100, `only ${taken} were taken`);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  it('are refused without room being made for what they only claim', () => {
    const { bytes, type } = claims(60, 900_000);
    assert.throws(() => decodeValue(bytes, type), { code: 'PROVIDER_FAILED' });
  });

  it('are refused when they have more parts than any object', () => {
    const { bytes, type } = claims(1, 1_000_001);
    assert.throws(() => decodeValue(bytes, type), /more than 1000000 parts/);
  });

  it('are refused when a type is longer than any', () => {
    const type = Buffer.from(`["tuple",[${'"bool",'.repeat(200_000)}"bool"]]`);
    assert.throws(() => decodeValue(encode([type, []]), 'dynamic'), /a type that is too long/);
  });

  it('are refused when they are of a type that never travels', () => {
    for (const name of ['["capsule","thing"]', '"capsule"']) {
      assert.throws(() => decodeValue(encode([Buffer.from(name), 'x']), 'dynamic'), /sent a type that/);
    }
  });

  it('are refused when a name is there twice', () => {
    const twice = Buffer.from([0x82, 0xa1, 0x61, 0xc3, 0xa1, 0x61, 0xc2]);
    assert.throws(() => decodeValue(twice, { map: 'bool' }), /"a" is there twice/);
    assert.throws(() => decodeValue(twice, { object: { a: 'bool' } }), /"a" is there twice/);
  });

  it('are an unknown value only where they are one', () => {
    const extension = (type: number, length: number) => encode(new ExtData(type, new Uint8Array(length)));
    assert.equal(decodeValue(extension(0, 1), 'string'), unknown);
    assert.ok(decodeValue(extension(12, 1_024), 'string') instanceof Unknown);
    assert.throws(() => decodeValue(extension(12, 1_025), 'string'), /too much said of an unknown value/);
    assert.throws(() => decodeValue(extension(99, 16), 'string'), /an extension of type 99/);
  });

  it('are told of without what could pass for something else', () => {
    const key = `\u001b[31m\u202e${'k'.repeat(5_000)}`;
    for (const [value, type] of [
      [{ [key]: 'x' }, { map: 'bool' }],
      [{ [key]: true }, { object: { a: 'bool' } }],
    ] as const) {
      assert.throws(
        () => decodeValue(encode(value), type),
        (error: Error) => error.message.length < 300 && !isDeceiving(error.message),
      );
    }
  });
});

describe('texts of a provider', () => {
  it('are composed like those of a person', () => {
    assert.equal(decodeValue(encode('e\u0301'), 'string'), 'é');
    assert.deepEqual(decodeValue(encode({ 'e\u0301': 'x' }), { map: 'string' }), new Map([['é', 'x']]));
  });

  it('of a key such as __proto__ are only a key', () => {
    const bytes = Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from('__proto__'), encode({ polluted: 'yes' })]);
    const plain = valueToPlain(decodeValue(bytes, { map: { map: 'string' } }));
    assert.ok(plain !== null && typeof plain === 'object' && Object.hasOwn(plain, '__proto__'));
    assert.equal(Object.getPrototypeOf(plain), Object.prototype);
  });
});
