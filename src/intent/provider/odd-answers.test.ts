import assert from 'node:assert/strict';

import { CtyNumber, encodeValue, impliedType, nullValue, unknown, type Value } from '../../providers/index.ts';
import { isDeceiving } from '../../shared/deceiving-text.ts';
import { fakeBinary, fakeCloud } from '../../testing/fake-cloud.ts';
import { type TestIntent, testIntent } from '../../testing/intent.ts';
import { aBlock, anAttribute, aValue } from '../../testing/schemas.ts';
import { checkApplied } from '../compare/check-applied.ts';
import { matchSet } from '../merge/match-set.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { openObject, packState } from '../journal/object-store.ts';
import { applyChange } from './apply-change.ts';
import { loadedType } from './loaded-type.ts';
import { nothing, planChange } from './plan-change.ts';
import { importObject, readObject } from './read-object.ts';

const block = aBlock([
  anAttribute('id', 'computed'),
  anAttribute('name', 'required'),
  anAttribute('tags', 'optional-computed', { map: 'string' }),
]);
const identity = {
  version: 0,
  attributes: [{ name: 'region', type: 'string' as const, required: true, description: '' }],
};
const program = { binary: fakeBinary, configuration: aBlock([]), planDestroy: false, schemaOptional: true };
const loaded = loadedType('fake_thing', { version: 0, block, identity }, program);
const made = aValue({ id: '1', name: 'a', tags: null });
const pack = (value: Value) => encodeValue(value, impliedType(block));
const common = { private: new Uint8Array(), legacyTypeSystem: false, problems: [] };
const { executor } = fakeCloud();
const creation = { prior: nothing, config: made, planned: made, plannedPrivate: new Uint8Array(), call: {} };

describe('an odd answer', () => {
  it('that the whole object is unknown is not taken for its end', async () => {
    const state = encodeValue(unknown, 'string');
    const reading = { ...executor, read: () => Promise.resolve({ state, ...common }) };
    const known = { value: made, private: new Uint8Array() };
    await assert.rejects(readObject(reading, loaded, known, {}), {
      code: 'PROVIDER_FAILED',
      message: /an unknown value/,
    });
    const acting = { ...executor, apply: () => Promise.resolve({ state, ...common }) };
    await assert.rejects(applyChange(acting, loaded, creation), { code: 'PROVIDER_FAILED' });
    const failing = { severity: 'error', summary: 'half done', detail: '', path: [] } as const;
    const broken = { ...executor, apply: () => Promise.resolve({ state, ...common, problems: [failing] }) };
    await assert.rejects(applyChange(broken, loaded, { ...creation, prior: known }), { code: 'PROVIDER_FAILED' });
  });

  it('to an upgrade of a state leaves nothing unknown in it', async () => {
    const state = encodeValue(
      new Map<string, Value>([...(made as Map<string, Value>), ['id', unknown]]),
      impliedType(block),
    );
    const upgrading = { ...executor, upgradeState: () => Promise.resolve({ state, problems: [] }) };
    const older = { ...loaded, binary: { ...fakeBinary, sha256: '0'.repeat(64) } };
    const known = { value: made, private: new Uint8Array() };
    const row: Partial<ResourceRow> = { state: packState(older, known), private: undefined, schemaVersion: 0 };
    const { value } = await openObject(upgrading, loaded, row as ResourceRow, {});
    assert.deepEqual(value, aValue({ id: null, name: 'a', tags: null }));
  });

  it('with an identity that cannot be read leaves the object, and a mark', async () => {
    const answer = { state: pack(made), ...common, identity: Uint8Array.of(7) };
    const applied = await applyChange({ ...executor, apply: () => Promise.resolve(answer) }, loaded, creation);
    assert.deepEqual(applied.object.value, made);
    assert.equal(applied.object.identity, undefined);
    assert.ok(applied.tainted);
    assert.match(applied.failure?.message ?? '', /an identity that does not fit its schema/);
    const reading = { ...executor, read: () => Promise.resolve(answer) };
    const known = { value: made, private: new Uint8Array() };
    await assert.rejects(readObject(reading, loaded, known, {}), { code: 'PROVIDER_FAILED' });
    const plan = { ...common, planned: pack(made), requiresReplace: [], plannedPrivate: new Uint8Array(), plannedIdentity: Uint8Array.of(0x81) }; // prettier-ignore
    const planning = { ...executor, plan: () => Promise.resolve(plan) };
    const wanted = { prior: nothing, config: made, tainted: false, call: {} };
    await assert.rejects(planChange(planning, loaded, wanted), { code: 'PROVIDER_FAILED' });
  });

  it('is told of in letters that anybody can read, and not at any length', async () => {
    const tags = new Map([[`\u001b[31m\u202e${'k'.repeat(5_000)}`, unknown]]);
    const state = encodeValue(
      new Map<string, Value>([...(made as Map<string, Value>), ['tags', tags]]),
      impliedType(block),
    );
    const planned = new Map<string, Value>([...(made as Map<string, Value>), ['tags', unknown]]);
    const acting = { ...executor, apply: () => Promise.resolve({ state, ...common }) };
    const { failure } = await applyChange(acting, loaded, { ...creation, planned });
    assertReadable(failure?.message ?? assert.fail('it is a breach'));
    const others = ['\u0000\u202eother', 'x'.repeat(50_000)].map((type) => ({
      type,
      state: nullValue,
      private: new Uint8Array(),
    }));
    const own = { type: 'fake_thing', state: pack(made), private: new Uint8Array() };
    const importing = {
      ...executor,
      importResource: () => Promise.resolve({ imported: [own, ...others], problems: [] }),
      read: () => Promise.resolve({ state: pack(made), ...common }),
    };
    const { warnings } = await importObject(importing, loaded, { id: '1', identity: undefined, shown: '1' }, {});
    assertReadable(warnings[0]?.summary ?? assert.fail('it is told'));
  });

  it('with a very large set is judged at once', () => {
    const names = aBlock([anAttribute('names', 'optional-computed', { set: 'string' })]);
    const many: Value[] = Array.from({ length: 100_000 }, (_, at) => String(at));
    const planned = new Map([['names', [...many.slice(1), unknown]]]);
    assert.deepEqual(checkApplied(names, planned, new Map([['names', many]]), false), []);
    const numbered = Array.from({ length: 20_000 }, (_, at) => aValue({ size: CtyNumber.from(at), id: null }));
    const shape = aBlock([anAttribute('size', 'required', 'number'), anAttribute('id', 'computed')]);
    assert.equal(matchSet(shape, numbered, numbered).filter((match) => match === undefined).length, 0);
    const other = numbered.map((_, at) => aValue({ size: CtyNumber.from(at), id: 'made' }));
    assert.equal(matchSet(shape, numbered, other).length, numbered.length);
  });
});

function assertReadable(text: string): void {
  assert.ok(text.length < 3_000 && !isDeceiving(text.replaceAll('\n', '')), text);
}

describe('an object of which the provider says nothing that can be understood', () => {
  let bench: TestIntent;
  before(async () => {
    bench = await testIntent();
  });

  it('is kept in mind as one that may be there', async () => {
    bench.cloud.fault = ({ name }) => Promise.resolve(name === 'apply' ? { state: unknown } : undefined);
    await assert.rejects(bench.create('odd'), { code: 'PROVIDER_FAILED' });
    const resource = await bench.intent.findResource(bench.request, {
      intentProject: bench.project,
      resourceID: 'odd',
    });
    assert.equal(resource?.condition, 'INDETERMINATE');
  });
});
