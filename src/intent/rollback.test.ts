import assert from 'node:assert/strict';

import type { Json } from '../shared/json.ts';
import { findOperation } from '../storage/operations.ts';
import { aValue } from '../testing/schemas.ts';
import { type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';

describe('going back to what an earlier operation recorded', () => {
  let bench: TestIntent;
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const rollBack = (operation: { id: string }, more: { writeOnly?: Json; confirmation?: string } = {}) =>
    bench.intent.rollbackOperation(bench.request, { intentProject: bench.project, operationID: operation.id, ...more });
  const update = (config: Record<string, string | number>) =>
    bench.intent.updateResource(bench.request, { ...at('one'), config });
  const remove = async () => {
    const waiting = await bench.intent.deleteResource(bench.request, at('one'));
    const confirmation = waiting.confirmation?.token ?? '';
    return bench.intent.deleteResource(bench.request, { ...at('one'), confirmation });
  };

  beforeEach(async () => {
    bench = await testIntent();
  });

  it('updates the resource, judged by policy as the update it is', async () => {
    const made = await bench.create('one', { name: 'a', size: 1 });
    await update({ name: 'a', size: 2 });
    await bench.addPolicy('watch', () => ({ allow: ['fine'] }));
    const back = await rollBack(made);
    assert.equal(back.status, 'FINISHED');
    assert.equal(back.kind, 'UPDATE');
    assert.equal(back.rollbackOf, made.id);
    assert.deepEqual(back.state, { id: 'id-a', name: 'a', size: 1, password: null, pin: null });
    const [judged] = bench.judged;
    assert.match(JSON.stringify(judged), /"operation":"update"/);
    assert.match(JSON.stringify(judged), new RegExp(`"rolls_back_to":"${made.id}"`));
  });

  it('is denied like any change', async () => {
    const made = await bench.create('one', { name: 'a', size: 1 });
    const changed = await update({ name: 'a', size: 2 });
    await bench.addPolicy('freeze', () => ({ deny: ['frozen'] }));
    await assertRefused('POLICY_DENIED', rollBack(made), /frozen/);
    assert.deepEqual((await bench.intent.findResource(bench.request, at('one')))?.state, changed.state);
  });

  it('asks for confirmation where it replaces the object', async () => {
    const made = await bench.create('one', { name: 'a' });
    const waiting = await update({ name: 'b' });
    await bench.intent.updateResource(bench.request, {
      ...at('one'),
      config: { name: 'b' },
      confirmation: waiting.confirmation?.token ?? '',
    });
    const back = await rollBack(made);
    assert.equal(back.status, 'AWAITING_CONFIRMATION');
    const done = await rollBack(made, { confirmation: back.confirmation?.token ?? '' });
    assert.equal(done.status, 'FINISHED');
    assert.equal(done.id, back.id);
    assert.deepEqual([...bench.cloud.objects.keys()], ['id-a']);
  });

  it('creates what was deleted since', async () => {
    const made = await bench.create('one', { name: 'a', size: 4, password: 'hunter22' });
    await remove();
    const back = await rollBack(made);
    assert.equal(back.kind, 'CREATE');
    assert.equal(back.outcome, 'created');
    const object = bench.cloud.objects.get('id-a');
    assert.equal(object?.get('password'), 'hunter22');
  });

  it('wants write-only arguments given anew, by name, and nothing else', async () => {
    const made = await bench.create('one', { name: 'a', pin: '9876' });
    await update({ name: 'a', size: 2 });
    await assertRefused('BAD_INPUT', rollBack(made), /^writeOnly: .*: pin$/);
    await assertRefused('BAD_INPUT', rollBack(made, { writeOnly: { pin: '1', size: 3 } }), /: size$/);
    const back = await rollBack(made, { writeOnly: { pin: '1234' } });
    assert.equal(back.status, 'FINISHED');
    const kept = await bench.context.storage.read((db) => findOperation(db, bench.project, made.id));
    assert.doesNotMatch(Buffer.from(kept?.request ?? []).toString(), /9876/);
    assert.match(Buffer.from(kept?.request ?? []).toString(), /"name":"a"/);
  });

  describe('of a resource that was imported', () => {
    const take = () =>
      bench.intent.importResource(bench.request, {
        ...at('one'),
        importID: 'id-x',
        provider: 'acme/fake',
        type: 'fake_thing',
      });

    beforeEach(() => {
      const found = aValue({ id: 'id-x', name: 'x', size: 3, password: 'hunter22', pin: null });
      if (found instanceof Map) bench.cloud.objects.set('id-x', found);
    });

    it('gives it again what it was found with, secrets included', async () => {
      const taken = await take();
      await update({ name: 'x', size: 9, password: 'another1' });
      const back = await rollBack(taken);
      assert.equal(back.kind, 'UPDATE');
      assert.equal(back.rollbackOf, taken.id);
      assert.deepEqual(back.state, { id: 'id-x', name: 'x', size: 3, password: null, pin: null });
      assert.equal(bench.cloud.objects.get('id-x')?.get('password'), 'hunter22');
      const { lines } = await bench.intent.operationLog(bench.request, { intentProject: bench.project });
      assert.doesNotMatch(lines, /hunter22/);
      assert.match(lines, /"kind":"IMPORT".*"config":null/);
    });

    it('is what a deletion of it advises', async () => {
      const taken = await take();
      await assertRefused('BAD_INPUT', rollBack(await remove()), new RegExp(`that did is ${taken.id}$`));
      assert.equal((await rollBack(taken)).outcome, 'created');
    });
  });

  it('makes no second object of one that was only forgotten', async () => {
    const made = await bench.create('one', { name: 'a' });
    const asked = await bench.intent.ejectResource(bench.request, at('one'));
    const confirmation = asked.confirmation?.token ?? '';
    await bench.intent.ejectResource(bench.request, { ...at('one'), confirmation });
    await assertRefused('CONFLICT', rollBack(made), /^resource "one" was ejected by operation .*: import it/);
    assert.deepEqual([...bench.cloud.objects.keys()], ['id-a']);
  });

  it('names the operation to go back to instead of a deletion', async () => {
    const made = await bench.create('one', { name: 'a' });
    const gone = await remove();
    await assertRefused(
      'BAD_INPUT',
      rollBack(gone),
      new RegExp(`\\(delete\\).*; the one before it that did is ${made.id}$`),
    );
  });

  it('refuses what changed nothing, what failed, and what is of another type by now', async () => {
    await bench.create('one', { name: 'a' });
    await assertRefused('BAD_INPUT', rollBack(await bench.intent.refreshResource(bench.request, at('one'))), /refresh/);
    await bench.addPolicy('freeze', () => ({ deny: ['frozen'] }));
    await assertRefused('POLICY_DENIED', update({ name: 'a', size: 9 }));
    const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
    await assertRefused('CONFLICT', rollBack({ id: operations[0]?.id ?? '' }), /is DENIED/);
    await assertRefused('NO_SUCH', rollBack({ id: 'none' }));
  });

  it('refuses a resource that is of another version of its provider by now', async () => {
    const made = await bench.create('one', { name: 'a' });
    await bench.context.storage.executeSql(`update intent_resource set version = '2.0.0'`);
    await assertRefused('CONFLICT', rollBack(made), /acme\/fake 2\.0\.0.*acme\/fake 1\.2\.3/);
  });
});
