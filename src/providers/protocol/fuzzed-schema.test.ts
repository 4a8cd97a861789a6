import assert from 'node:assert/strict';

import fc from 'fast-check';

import { AppError } from '../../shared/errors.ts';
import { isDeceiving } from '../../shared/deceiving-text.ts';
import { createRandom } from '../../testing/campaign.ts';
import { hostileConnection } from '../../testing/fuzz/hostile-provider.ts';
import { conform } from '../schema/conform.ts';
import { impliedType } from '../schema/implied-type.ts';
import type { SchemaBlock, SchemaPart } from '../schema/resource-schema.ts';
import { decodeValue, encodeValue, parseType, typeToJson } from '../values/index.ts';
import { ProviderCallError } from './provider-call-error.ts';

const limits = { timeoutMs: 1_000 };
const version = fc.constantFrom<(5 | 6)[]>(5, 6);
const NESTINGS = new Set(['SINGLE', 'LIST', 'SET', 'MAP', 'GROUP']);

describe('a schema from a provider that cannot be trusted', () => {
  it('is one that can be worked with, or is refused in a clear error', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), version, async (seed, protocol) => {
        const connection = await hostileConnection({ random: createRandom(`${seed}`), protocol });
        const parts: SchemaPart[] = [];
        try {
          await connection.readSchema((part) => (parts.push(part), Promise.resolve()), limits);
        } catch (error) {
          assertClear(error);
        }
        for (const part of parts) assertUsable(part);
        if (parts.length > 0) taken += 1;
      }),
      { numRuns: 250 },
    );
    assert.ok(taken > 20, `only ${taken} were taken`);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });
});

function assertClear(error: unknown): void {
  if (error instanceof ProviderCallError) return; // told by the executor, in quotes
  assert.ok(error instanceof AppError && error.code === 'PROVIDER_FAILED', String(error));
  assert.ok(!isDeceiving(error.message) && error.message.length < 2_000, error.message);
}

function assertUsable(part: SchemaPart): void {
  const block = part.kind === 'provider' ? part.block : part.schema.block;
  assertBlock(block);
  const again = JSON.parse(JSON.stringify(part)) as SchemaPart; // as it is stored
  assert.deepEqual(again, part);
  const type = impliedType(block);
  assert.deepEqual(parseType(typeToJson(type)), type);
  const { value, problems } = conform({}, block);
  if (problems.every(({ severity }) => severity === 'warning')) decodeValue(encodeValue(value, type), type);
}

function assertBlock({ attributes, blocks }: SchemaBlock): void {
  const names = [...attributes, ...blocks].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'a name twice');
  for (const name of names) assert.ok(name !== '' && !isDeceiving(name), JSON.stringify(name));
  for (const { nested } of attributes) {
    if (nested === undefined) continue;
    assert.ok(NESTINGS.has(nested.nesting), nested.nesting);
    assertBlock({ attributes: nested.attributes, blocks: [], description: '', deprecated: false });
  }
  for (const { nesting, block, minItems, maxItems } of blocks) {
    assert.ok(NESTINGS.has(nesting), nesting);
    assert.ok(Number.isSafeInteger(minItems) && minItems >= 0 && Number.isSafeInteger(maxItems) && maxItems >= 0);
    assertBlock(block);
  }
}
