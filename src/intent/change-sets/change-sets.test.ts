import assert from 'node:assert/strict';

import type { Json } from '../../shared/json.ts';
import { type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { ChangeInput } from './parse-changes.ts';

describe('change sets', () => {
  let bench: TestIntent;

  beforeEach(async () => {
    bench = await testIntent();
  });

  const make = (resourceID: string, config: Json): ChangeInput => ({
    kind: 'CREATE',
    resourceID,
    provider: 'acme/fake',
    type: 'fake_thing',
    config,
  });
  const plan = (...changes: ChangeInput[]) =>
    bench.intent.createChangeSet(bench.request, { intentProject: bench.project, changes });
  const apply = (id: string, confirmation?: string) =>
    bench.intent.applyChangeSet(bench.request, { intentProject: bench.project, id, confirmation });
  const operations = async (set: Awaited<ReturnType<typeof plan>>) =>
    (await bench.intent.changesOf(set)).map(({ operation }) => operation);
  const resource = (resourceID: string) =>
    bench.intent.findResource(bench.request, { intentProject: bench.project, resourceID });

  describe('references', () => {
    it('are unknown while what they refer to is not there, and filled in when it is', async () => {
      const set = await plan(make('b', { name: '${a.id}' }), make('a', { name: 'first' }));
      assert.equal(set.status, 'PLANNED');
      assert.equal(bench.cloud.objects.size, 0);
      const [b, a] = await operations(set);
      assert.deepEqual(b?.plan?.afterUnknown.toSorted(), ['id', 'name']);
      assert.deepEqual(a?.plan?.afterUnknown, ['id']);

      const done = await apply(set.id);
      assert.equal(done.status, 'FINISHED', done.failure ?? '');
      assert.deepEqual((await resource('b'))?.state, {
        id: 'id-id-first',
        name: 'id-first',
        size: null,
        password: null,
        pin: null,
      });
      const needs = await bench.intent.findDependencies(bench.request, {
        intentProject: bench.project,
        resourceID: 'b',
      });
      assert.deepEqual(
        needs?.dependencies.map(({ to, type }) => [to, type]),
        [['a', 'IMPLICIT']],
      );
    });

    it('refuse a circle by naming the way', async () => {
      await assertRefused('BAD_INPUT', plan(make('a', { name: '${b.id}' }), make('b', { name: '${a.id}' })));
    });
  });
});
