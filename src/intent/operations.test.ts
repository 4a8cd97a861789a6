import assert from 'node:assert/strict';

import { aValue } from '../testing/schemas.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';

describe('operations on a resource', () => {
  let bench: TestIntent;
  const resource = (resourceID: string) =>
    bench.intent.findResource(bench.request, { intentProject: bench.project, resourceID });
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const stepsOf = async (operation: { id: string }) => (await bench.intent.stepsOf(operation)).map(({ step }) => step);

  beforeEach(async () => {
    bench = await testIntent();
  });

  describe('create', () => {
    it('plans, applies and records it', async () => {
      const operation = await bench.create('one', { name: 'a', size: 3 });
      assert.equal(operation.status, 'FINISHED');
      assert.equal(operation.verdict, 'SUCCEEDED');
      assert.equal(operation.outcome, 'created');
      assert.deepEqual(operation.state, { id: 'id-a', name: 'a', size: 3, password: null, pin: null });
      assert.deepEqual(operation.plan?.afterUnknown, ['id']);
      assert.deepEqual(bench.cloud.calls, ['validate', 'plan', 'apply']);
      assert.deepEqual(await stepsOf(operation), [
        'recordOperation',
        'planCreate',
        'judgeChange',
        'applyChange',
        'recordOutcome',
      ]);
      assert.equal((await resource('one'))?.condition, 'OK');
    });

    it('shows no secret anywhere', async () => {
      const operation = await bench.create('one', { name: 'a', password: 'hunter22', pin: '9876' });
      assert.deepEqual(operation.redacted, ['password', 'pin']);
      const shown = JSON.stringify([operation, await resource('one'), bench.judged]);
      assert.doesNotMatch(shown, /hunter22|9876/);
      const audit = await bench.context.storage.executeSql('select data from audit_entry');
      assert.doesNotMatch(JSON.stringify(audit.rows), /hunter22|9876/);
    });

    it('writes the names of the given attributes into the audit trail, and none of their values', async () => {
      await bench.create('one', { size: 3, name: 'plain-value' });
      const audit = await bench.context.storage.executeSql(
        `select data, data->'inputNames' as names from audit_entry where action = 'intent-resource.create'`,
      );
      assert.equal(audit.rows.length, 1);
      assert.match(JSON.stringify(audit.rows), /"names":\["name","size"\]/);
      assert.doesNotMatch(JSON.stringify(audit.rows), /plain-value/);
    });

    it('does not try again to record what the database refuses for good', async () => {
      await bench.context.storage.executeSql(
        `alter table audit_entry add constraint no_receipt check (action <> 'intent-resource.create') not valid`,
      );
      try {
        const begun = performance.now();
        await assert.rejects(bench.create('one'));
        assert.ok(performance.now() - begun < 20_000); // with the waits between tries it would be more
      } finally {
        await bench.context.storage.executeSql('alter table audit_entry drop constraint no_receipt');
      }
    });

    it('records an outcome whose text the database would refuse', async () => {
      const odd = 'over\ud800quota\0';
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(name === 'apply' ? { problems: [{ ...anError(odd), path: [odd] }] } : undefined);
      await assertRefused('PROVIDER_REFUSED', bench.create('one'));
      const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
      assert.equal(operations[0]?.status, 'FAILED');
      assert.match(operations[0]?.failure ?? '', /over\ufffdquota\ufffd/);
      assert.equal(operations[0]?.diagnostics[0]?.summary, 'over\ufffdquota\ufffd');
    });

    it('refuses a taken id, a bad configuration and a bad id, leaving audit and no operation', async () => {
      await bench.create('one');
      await assertRefused('CONFLICT', bench.create('one'));
      await assertRefused('BAD_INPUT', bench.create('two', { nam: 'a' }));
      await assertRefused('BAD_INPUT', bench.create('two', { name: { a: 1 } }));
      await assertRefused('BAD_INPUT', bench.create('../two'));
      const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
      assert.equal(operations.length, 1);
      const audit = await bench.context.storage.executeSql(
        `select data->>'code' as code from audit_entry where event_type = 'REFUSAL' order by id`,
      );
      assert.deepEqual(audit.rows, [{ code: 'CONFLICT' }, { code: 'BAD_INPUT' }, { code: 'BAD_INPUT' }]);
    });

    it('names the attribute that the provider refuses, without quoting a secret', async () => {
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(
          name === 'validate'
            ? { problems: [{ severity: 'error', summary: 'too weak', detail: 'hunter22 is weak', path: ['password'] }] }
            : undefined,
        );
      await assert.rejects(bench.create('one', { name: 'a', password: 'hunter22' }), (error: Error) => {
        assert.match(error.message, /refused the configuration[^]*password: too weak: \(sensitive\) is weak/);
        return true;
      });
    });

    it('records a refused plan as failed', async () => {
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(name === 'plan' ? { problems: [anError('no such region')] } : undefined);
      const error = await assertRefused('PROVIDER_REFUSED', bench.create('one'));
      const [operation] = (await bench.intent.listOperations(bench.request, { intentProject: bench.project }))
        .operations;
      assert.equal(operation?.status, 'FAILED');
      assert.equal(error.details['operation'], operation?.id);
      assert.match(operation?.failure ?? '', /no such region/);
      assert.deepEqual(
        operation?.diagnostics.map(({ summary }) => summary),
        ['no such region'],
      );
      assert.equal(await resource('one'), null);
    });

    it('keeps what a failed creation left, as tainted, and makes it anew at the next change', async () => {
      const partial = aValue({ id: 'id-half', name: 'a', size: null, password: null, pin: null });
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(name === 'apply' ? { problems: [anError('quota')], state: partial } : undefined);
      await assertRefused('PROVIDER_REFUSED', bench.create('one', { name: 'a' }));
      assert.equal((await resource('one'))?.condition, 'TAINTED');
      assert.deepEqual((await resource('one'))?.state, {
        id: 'id-half',
        name: 'a',
        size: null,
        password: null,
        pin: null,
      });
      bench.cloud.fault = undefined;
      if (partial instanceof Map) bench.cloud.objects.set('id-half', partial);
      const waiting = await bench.intent.updateResource(bench.request, { ...at('one'), config: { name: 'a' } });
      assert.equal(waiting.plan?.action, 'replace');
    });

    it('leaves no resource where a failed creation left nothing', async () => {
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(name === 'apply' ? { problems: [anError('quota')] } : undefined);
      await assertRefused('PROVIDER_REFUSED', bench.create('one'));
      assert.equal(await resource('one'), null);
    });

    it('goes on when nobody waits', async () => {
      const gate = Promise.withResolvers<void>();
      bench.cloud.fault = async ({ name }) => {
        if (name === 'apply') await gate.promise;
        return undefined;
      };
      const running = await bench.create('one', { name: 'a' }, 0);
      assert.equal(running.outcome, 'running');
      gate.resolve();
      await bench.intent.close();
      const done = await bench.intent.findOperation(bench.request, { intentProject: bench.project, id: running.id });
      assert.equal(done?.status, 'FINISHED');
    });

    it('refuses a second operation on the resource while one runs', async () => {
      const gate = Promise.withResolvers<void>();
      bench.cloud.fault = async ({ name }) => {
        if (name === 'apply') await gate.promise;
        return undefined;
      };
      await bench.create('one', { name: 'a' }, 0);
      await assertRefused('CONFLICT', bench.create('one', { name: 'a' }, 0));
      gate.resolve();
      await bench.intent.close();
    });

    it('is refused in a disabled project', async () => {
      await bench.context.storage.executeSql(`update intent_project set state = 'DISABLED'`);
      await assertRefused('CONFLICT', bench.create('one'));
    });
  });

  describe('update', () => {
    it('changes what differs and nothing else', async () => {
      await bench.create('one', { name: 'a', size: 1 });
      const changed = await bench.intent.updateResource(bench.request, {
        ...at('one'),
        config: { name: 'a', size: 2 },
      });
      assert.equal(changed.outcome, 'updated');
      assert.equal(changed.plan?.action, 'update');
      bench.cloud.calls.length = 0;
      const same = await bench.intent.updateResource(bench.request, { ...at('one'), config: { name: 'a', size: 2 } });
      assert.equal(same.plan?.action, 'no-op');
      assert.match(same.message, /as asked for already/);
      assert.deepEqual(bench.cloud.calls, ['validate', 'read', 'plan']);
    });

    it('that replaces asks first, then destroys and makes anew in view', async () => {
      await bench.create('one', { name: 'a' });
      const config = { name: 'b' };
      const waiting = await bench.intent.updateResource(bench.request, { ...at('one'), config });
      assert.equal(waiting.status, 'AWAITING_CONFIRMATION');
      assert.deepEqual(waiting.plan?.replacePaths, ['name']);
      assert.deepEqual([...bench.cloud.objects.keys()], ['id-a']);
      const confirmation = waiting.confirmation?.token ?? '';
      const done = await bench.intent.updateResource(bench.request, { ...at('one'), config, confirmation });
      assert.equal(done.id, waiting.id);
      assert.equal(done.status, 'FINISHED');
      assert.deepEqual([...bench.cloud.objects.keys()], ['id-b']);
      assert.ok((await stepsOf(done)).includes('recordDestroyed'));
    });

    it('that fails between destroying and making leaves a record that says so, and can be repeated', async () => {
      await bench.create('one', { name: 'a' });
      const config = { name: 'b' };
      const waiting = await bench.intent.updateResource(bench.request, { ...at('one'), config });
      bench.cloud.fault = ({ name, planned }) =>
        Promise.resolve(name === 'apply' && planned !== null ? { problems: [anError('quota')] } : undefined);
      const confirmation = waiting.confirmation?.token ?? '';
      await assertRefused(
        'PROVIDER_REFUSED',
        bench.intent.updateResource(bench.request, { ...at('one'), config, confirmation }),
      );
      assert.equal((await resource('one'))?.condition, 'GONE');
      assert.equal((await resource('one'))?.state, null);
      await assertRefused('CONFLICT', bench.intent.refreshResource(bench.request, at('one')));
      bench.cloud.fault = undefined;
      const again = await bench.intent.updateResource(bench.request, { ...at('one'), config });
      assert.equal(again.plan?.action, 'create');
      assert.equal((await resource('one'))?.condition, 'OK');
    });

    it('of an object that is gone makes it anew', async () => {
      await bench.create('one', { name: 'a' });
      bench.cloud.objects.clear();
      const done = await bench.intent.updateResource(bench.request, { ...at('one'), config: { name: 'a' } });
      assert.equal(done.plan?.action, 'create');
      assert.equal(bench.cloud.objects.size, 1);
    });

    it('of nothing is refused', () =>
      assertRefused('NO_SUCH', bench.intent.updateResource(bench.request, { ...at('none'), config: { name: 'a' } })));
  });

  describe('delete', () => {
    const confirmed = async (resourceID: string) => {
      const waiting = await bench.intent.deleteResource(bench.request, at(resourceID));
      const confirmation = waiting.confirmation?.token ?? '';
      return bench.intent.deleteResource(bench.request, { ...at(resourceID), confirmation });
    };

    it('asks first, then destroys', async () => {
      await bench.create('one');
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      assert.equal(waiting.outcome, 'awaiting_confirmation');
      assert.match(waiting.confirmation?.summary ?? '', /would be destroyed/);
      assert.equal(bench.cloud.objects.size, 1);
      const confirmation = waiting.confirmation?.token ?? '';
      const done = await bench.intent.deleteResource(bench.request, { ...at('one'), confirmation });
      assert.equal(done.outcome, 'deleted');
      assert.equal(bench.cloud.objects.size, 0);
      assert.equal(await resource('one'), null);
    });

    it('takes a token once, from its session, for its call, in its time', async () => {
      await bench.create('one');
      await bench.create('two');
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      const confirmation = waiting.confirmation?.token ?? '';
      const refused = (request = bench.request, input = { ...at('one'), confirmation }) =>
        assertRefused('CONFIRMATION_REQUIRED', bench.intent.deleteResource(request, input));
      await refused(bench.request, { ...at('two'), confirmation });
      await refused(bench.request, { ...at('one'), confirmation: 'guess' });
      await assertRefused(
        'CONFIRMATION_REQUIRED',
        bench.intent.ejectResource(bench.request, { ...at('one'), confirmation }),
      );
      bench.clock.advance(301);
      await refused(otherSession('stranger'));
      bench.clock.advance(301);
      await refused();
      const again = (await bench.intent.deleteResource(bench.request, at('one'))).confirmation?.token ?? '';
      await bench.intent.deleteResource(bench.request, { ...at('one'), confirmation: again });
      await bench.create('one');
      await refused(bench.request, { ...at('one'), confirmation: again });
      assert.equal(bench.cloud.objects.size, 2);
    });

    it('keeps only the hash of a token', async () => {
      await bench.create('one');
      const { confirmation } = await bench.intent.deleteResource(bench.request, at('one'));
      const { rows } = await bench.context.storage.executeSql('select * from intent_operation');
      assert.doesNotMatch(JSON.stringify(rows), new RegExp(confirmation?.token ?? 'absent'));
    });

    it('does nothing when the plan is another one by now', async () => {
      await bench.create('one', { name: 'a' });
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      const changed = aValue({ id: 'id-a', name: 'a', size: 7, password: null, pin: null });
      if (changed instanceof Map) bench.cloud.objects.set('id-a', changed);
      const confirmation = waiting.confirmation?.token ?? '';
      await assertRefused('PLAN_CHANGED', bench.intent.deleteResource(bench.request, { ...at('one'), confirmation }));
      assert.equal(bench.cloud.objects.size, 1);
      const { intentProject } = at('one');
      const after = await bench.intent.findOperation(bench.request, { intentProject, id: waiting.id });
      assert.equal(after?.status, 'CANCELED');
    });

    it('of what others need is refused with their names', async () => {
      await bench.create('needed');
      await bench.create('needing');
      await bench.intent.addDependency(bench.request, { intentProject: bench.project, from: 'needing', to: 'needed' });
      const error = await assertRefused('CONFLICT', bench.intent.deleteResource(bench.request, at('needed')));
      assert.match(error.message, /needing/);
      await confirmed('needing');
      assert.equal((await confirmed('needed')).outcome, 'deleted');
    });

    it('of an object that is gone drops its record', async () => {
      await bench.create('one');
      bench.cloud.objects.clear();
      const done = await bench.intent.deleteResource(bench.request, at('one'));
      assert.equal(done.status, 'FINISHED');
      assert.match(done.message, /gone already/);
      assert.equal(await resource('one'), null);
    });

    it('that fails keeps the record', async () => {
      await bench.create('one');
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      bench.cloud.fault = ({ name }) =>
        Promise.resolve(name === 'apply' ? { problems: [anError('in use')] } : undefined);
      const confirmation = waiting.confirmation?.token ?? '';
      await assertRefused(
        'PROVIDER_REFUSED',
        bench.intent.deleteResource(bench.request, { ...at('one'), confirmation }),
      );
      assert.equal((await resource('one'))?.condition, 'OK');
    });
  });

  describe('import', () => {
    const input = (resourceID: string, importID: string) => ({
      ...at(resourceID),
      importID,
      provider: 'acme/fake',
      type: 'fake_thing',
    });

    it('takes an object under management', async () => {
      const there = aValue({ id: 'id-x', name: 'x', size: 1, password: 'hunter22', pin: null });
      if (there instanceof Map) bench.cloud.objects.set('id-x', there);
      const operation = await bench.intent.importResource(bench.request, input('one', 'id-x'));
      assert.equal(operation.outcome, 'imported');
      assert.equal(operation.importID, 'id-x');
      assert.deepEqual((await resource('one'))?.redacted, ['password']);
      const changed = await bench.intent.updateResource(bench.request, {
        ...at('one'),
        config: { name: 'x', size: 2 },
      });
      assert.equal(changed.plan?.action, 'update');
    });

    it('of what is not there is refused', async () => {
      await assertRefused('PROVIDER_REFUSED', bench.intent.importResource(bench.request, input('one', 'id-x')));
      assert.equal(await resource('one'), null);
    });
  });

  describe('refresh', () => {
    it('says that all is as recorded', async () => {
      await bench.create('one');
      assert.equal((await bench.intent.refreshResource(bench.request, at('one'))).outcome, 'refreshed');
    });

    it('shows drift and records it', async () => {
      await bench.create('one', { name: 'a', size: 1 });
      const drifted = aValue({ id: 'id-a', name: 'a', size: 7, password: null, pin: null });
      if (drifted instanceof Map) bench.cloud.objects.set('id-a', drifted);
      const operation = await bench.intent.refreshResource(bench.request, at('one'));
      assert.equal(operation.outcome, 'warning');
      assert.match(operation.message, /drifted: size changed/);
      assert.deepEqual((await resource('one'))?.state, { id: 'id-a', name: 'a', size: 7, password: null, pin: null });
    });

    it('goes on showing drift until it is set back outside or changed here', async () => {
      await bench.create('one', { name: 'a', size: 1, password: 'hunter22' });
      const outside = (size: number, password: string) => {
        const drifted = aValue({ id: 'id-a', name: 'a', size, password, pin: null });
        if (drifted instanceof Map) bench.cloud.objects.set('id-a', drifted);
      };
      outside(7, 'hunter22');
      const first = await bench.intent.refreshResource(bench.request, at('one'));
      bench.clock.advance(60);
      outside(7, 'changed22');
      await bench.intent.refreshResource(bench.request, at('one'));
      const drift = (await resource('one'))?.drift;
      assert.deepEqual(drift?.paths, ['password', 'size']);
      assert.deepEqual([drift.operation, drift.since], [first.id, first.createdAt]);
      const same = await bench.intent.refreshResource(bench.request, at('one'));
      assert.equal(same.outcome, 'refreshed');
      assert.match(same.message, /as it was found before: password, size changed outside/);
      outside(1, 'hunter22');
      await bench.intent.refreshResource(bench.request, at('one'));
      assert.equal((await resource('one'))?.drift, null);
      outside(8, 'hunter22');
      await bench.intent.refreshResource(bench.request, at('one'));
      assert.deepEqual((await resource('one'))?.drift?.paths, ['size']);
      await bench.intent.updateResource(bench.request, { ...at('one'), config: { name: 'a', size: 9 } });
      assert.equal((await resource('one'))?.drift, null);
    });

    it('tells that an object is gone and keeps its record', async () => {
      await bench.create('one');
      bench.cloud.objects.clear();
      const operation = await bench.intent.refreshResource(bench.request, at('one'));
      assert.equal(operation.outcome, 'warning');
      assert.match(operation.message, /is gone/);
      assert.equal((await resource('one'))?.condition, 'GONE');
    });
  });

  describe('eject', () => {
    it('asks first, then forgets without destroying, dependencies too', async () => {
      await bench.create('one');
      await bench.create('two');
      await bench.intent.addDependency(bench.request, { intentProject: bench.project, from: 'two', to: 'one' });
      const waiting = await bench.intent.ejectResource(bench.request, at('one'));
      assert.equal(waiting.status, 'AWAITING_CONFIRMATION');
      const confirmation = waiting.confirmation?.token ?? '';
      const done = await bench.intent.ejectResource(bench.request, { ...at('one'), confirmation });
      assert.equal(done.outcome, 'ejected');
      assert.equal(bench.cloud.objects.size, 2);
      assert.equal(await resource('one'), null);
    });
  });

  it('are listed, paged and told as a timeline', async () => {
    for (const name of ['a', 'b', 'c']) await bench.create(name);
    const page = await bench.intent.listOperations(bench.request, { intentProject: bench.project, pageSize: 2 });
    assert.deepEqual([page.operations.map(({ resourceID }) => resourceID), page.hasMore], [['c', 'b'], true]);
    const timeline = await bench.intent.timeline(bench.request, { intentProject: bench.project, resourceID: 'a' });
    assert.deepEqual(
      timeline.events.map(({ operation, changedBy }) => [operation, changedBy]),
      [['create', 'admin']],
    );
    const found = await bench.intent.searchResources(bench.request, {
      intentProject: bench.project,
      input: { first: 1 },
    });
    assert.equal(found.totalCount, 3);
    await assertRefused(
      'BAD_INPUT',
      bench.intent.timeline(bench.request, { intentProject: bench.project, fromTime: 'yesterday' }),
    );
  });
});

function anError(summary: string) {
  return { severity: 'error', summary, detail: '', path: [] } as const;
}
