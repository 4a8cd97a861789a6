import assert from 'node:assert/strict';

import type { Json } from '../../shared/json.ts';
import { providerCrash } from '../../testing/fake-cloud.ts';
import { otherSession, type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aValue } from '../../testing/schemas.ts';
import type { ChangeSetView } from './change-set-view.ts';
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
  const change = (resourceID: string, config: Json): ChangeInput => ({ kind: 'UPDATE', resourceID, config });
  const drop = (resourceID: string, withDependents = false): ChangeInput => ({
    kind: 'DELETE',
    resourceID,
    withDependents,
  });
  const plan = (...changes: ChangeInput[]) =>
    bench.intent.createChangeSet(bench.request, { intentProject: bench.project, changes });
  const named = (id: string) => ({ intentProject: bench.project, id });
  const apply = (id: string, confirmation?: string) =>
    bench.intent.applyChangeSet(bench.request, { ...named(id), confirmation });
  const resume = (id: string) => bench.intent.resumeChangeSet(bench.request, named(id));
  const find = async (id: string): Promise<ChangeSetView> => {
    const set = await bench.intent.findChangeSet(bench.request, named(id));
    assert.ok(set !== null);
    return set;
  };
  const operations = async (set: ChangeSetView) =>
    (await bench.intent.changesOf(set)).map(({ operation }) => operation);
  const statuses = async (set: ChangeSetView) => (await operations(set)).map((operation) => operation?.status);
  const resource = (resourceID: string) =>
    bench.intent.findResource(bench.request, { intentProject: bench.project, resourceID });
  const confirmed = async (id: string): Promise<ChangeSetView> =>
    apply(id, (await apply(id)).confirmation?.token ?? 'none');
  const setOf = (error: { details: Readonly<Record<string, unknown>> }): string => String(error.details['changeSet']);

  describe('references', () => {
    it('are unknown while what they refer to is not there, and filled in when it is', async () => {
      const set = await plan(make('b', { name: '${a.id}' }), make('a', { name: 'first' }));
      assert.equal(set.status, 'PLANNED');
      assert.equal(bench.cloud.objects.size, 0);
      const [b, a] = await operations(set);
      assert.deepEqual(b?.plan?.afterUnknown.toSorted(), ['id', 'name']);
      assert.deepEqual(a?.plan?.afterUnknown, ['id']);

      const done = await apply(set.id);
      assert.equal(done.status, 'FINISHED');
      const state = { id: 'id-id-first', name: 'id-first', size: null, password: null, pin: null };
      assert.deepEqual((await resource('b'))?.state, state);
      assert.deepEqual((await resource('b'))?.config, { name: 'id-first' });
      const at = { intentProject: bench.project, resourceID: 'b' };
      const needs = await bench.intent.findDependencies(bench.request, at);
      assert.deepEqual(
        needs?.dependencies.map(({ to, type, fieldMappings }) => [to, type, fieldMappings[0]?.sourceField]),
        [['a', 'IMPLICIT', 'id']],
      );
    });

    it('are filled in at planning where the value is known: planned, or recorded before', async () => {
      await bench.create('old', { name: 'known', size: 7 });
      const set = await plan(
        make('a', { name: 'x-${old.name}-$${old.name}', size: '${old.size}' }),
        make('b', { name: '${a.name}' }),
      );
      const [a, b] = await operations(set);
      assert.deepEqual(a?.plan?.after, { id: null, name: 'x-known-${old.name}', size: 7, password: null, pin: null });
      assert.deepEqual(b?.plan?.afterUnknown, ['id']);
    });

    it('carry a secret to a secret place only', async () => {
      await bench.create('old', { name: 'known', password: 'hunter22' });
      const set = await plan(make('a', { name: 'a', password: 'x${old.password}' }));
      assert.equal((await apply(set.id)).status, 'FINISHED');
      assert.match(JSON.stringify(bench.cloud.objects.get('id-a')?.get('password')), /xhunter22/);
      const error = await assertRefused('BAD_INPUT', plan(make('b', { name: '${old.password}' })));
      assert.match(error.message, /changes\[0\]\.config\.name: \$\{old\.password\} is sensitive/);
      assert.doesNotMatch(JSON.stringify([await operations(set), bench.judged, error.message]), /hunter22/);
    });

    for (const [what, config, pattern] of [
      ['nothing', { name: '${nobody.id}' }, /names no resource of this change set or of the project \(nobody\)/],
      ['no attribute', { name: '${old.nam}' }, /no attribute "nam"; did you mean "name"/],
      ['a part of a text', { name: '${old.name[0]}' }, /name is a string and has no parts/],
      ['itself', { name: '${a.id}' }, /refers to the resource itself/],
      ['no end', { name: '${old.name' }, /has a "\$\{" that nothing ends/],
    ] as const) {
      it(`to ${what} are refused with the place`, async () => {
        await bench.create('old', { name: 'known' });
        const error = await assertRefused('BAD_INPUT', plan(make('a', config)));
        assert.match(error.message, pattern);
        assert.match(error.message, /changes\[0\]\.config/);
      });
    }

    it('round in a circle are refused by naming the way, also through what is recorded', async () => {
      const circle = plan(make('a', { name: '${b.id}' }), make('b', { name: '${a.id}' }));
      assert.match((await assertRefused('BAD_INPUT', circle)).message, /a -> b -> a/);
      await apply((await plan(make('a', { name: 'a' }), make('b', { name: '${a.id}' }))).id);
      const error = await assertRefused('BAD_INPUT', plan(change('a', { name: 'a', size: '${b.size}' })));
      assert.match(error.message, /a -> b -> a/);
    });
  });

  describe('policy', () => {
    it('applies nothing when one change is denied, and tells each reason', async () => {
      await bench.addPolicy('names', (input) =>
        JSON.stringify(input).includes('"name":"bad"') ? { deny: ['bad name'] } : { allow: ['fine'] },
      );
      const error = await assertRefused('POLICY_DENIED', plan(make('a', { name: 'good' }), make('b', { name: 'bad' })));
      assert.match(error.message, /- "b": bad name/);
      const set = await find(setOf(error));
      assert.equal(set.status, 'DENIED');
      assert.deepEqual(await statuses(set), ['CANCELED', 'DENIED']);
      await assertRefused('CONFLICT', apply(set.id));
      assert.equal(bench.cloud.calls.includes('apply'), false);
    });

    it('sees the change set, what a change needs, and, when it is applied, the real value', async () => {
      await bench.addPolicy('all', () => ({ allow: ['fine'] }));
      const set = await plan(make('a', { name: 'first' }), make('b', { name: '${a.id}' }));
      const seen = JSON.stringify(bench.judged);
      assert.match(seen, new RegExp(`"change_set":"${set.id}"`));
      assert.match(seen, /"upstream":\[\{"resource_id":"a","resource_type":"fake_thing"\}\]/);
      assert.doesNotMatch(seen, /id-first/);
      await apply(set.id);
      assert.match(JSON.stringify(bench.judged), /"proposed_state":\{"name":"id-first"\}/);
    });

    it('stops a change whose real value it denies, and what needs it', async () => {
      await bench.addPolicy('late', (input) =>
        JSON.stringify(input).includes('id-first') ? { deny: ['not this one'] } : { allow: ['fine'] },
      );
      const set = await plan(
        make('a', { name: 'first' }),
        make('b', { name: '${a.id}' }),
        make('c', { name: '${b.id}' }),
        make('d', { name: 'alone' }),
      );
      assert.equal(set.status, 'PLANNED');
      await assertRefused('POLICY_DENIED', apply(set.id));
      assert.deepEqual(await statuses(set), ['FINISHED', 'DENIED', 'CANCELED', 'FINISHED']);
      assert.equal((await find(set.id)).status, 'FAILED');
    });

    it('leaves the whole set to a person where it leaves one change', async () => {
      await bench.addPolicy('open', (input) => (JSON.stringify(input).includes('"b"') ? {} : { allow: ['fine'] }));
      const set = await plan(make('a', { name: 'a' }), make('b', { name: 'b' }));
      assert.equal(set.status, 'PENDING_REVIEW');
      await assertRefused('REVIEW_PENDING', apply(set.id));
      const review = (decision: 'ALLOW' | 'DENY') =>
        bench.intent.reviewChangeSet(otherSession('reviewer'), { ...named(set.id), decision });
      assert.equal((await review('ALLOW')).status, 'PLANNED');
      assert.equal((await apply(set.id)).status, 'FINISHED');
      const other = await plan(make('bb', { name: 'b' }));
      const denied = await bench.intent.reviewChangeSet(otherSession('reviewer'), {
        ...named(other.id),
        decision: 'DENY',
      });
      assert.equal(denied.status, 'DENIED');
      assert.deepEqual(await statuses(other), ['CANCELED']);
    });
  });

  describe('deletions', () => {
    beforeEach(async () => {
      await apply(
        (await plan(make('a', { name: 'a' }), make('b', { name: '${a.id}' }), make('c', { name: '${b.id}' }))).id,
      );
    });

    it('go in reverse order of the dependencies, after one confirmation', async () => {
      const set = await plan(drop('a'), drop('c'), drop('b'));
      assert.equal(set.destructive, true);
      const asked = await apply(set.id);
      assert.equal(asked.status, 'PLANNED');
      const summary = /^Would be destroyed: \w+ "a", \w+ "c", \w+ "b"\.$/;
      assert.match(asked.confirmation?.summary ?? '', summary);
      assert.equal(bench.cloud.objects.size, 3);
      const gone: string[] = [];
      bench.cloud.fault = ({ name, prior }) => {
        if (name === 'apply' && prior instanceof Map) gone.push(String(prior.get('id')));
        return Promise.resolve(undefined);
      };
      const done = await apply(set.id, asked.confirmation?.token ?? '');
      assert.equal(done.status, 'FINISHED');
      assert.deepEqual(gone, ['id-id-id-a', 'id-id-a', 'id-a']);
    });

    it('refuse to leave something behind that needs them, or take it along on request', async () => {
      const error = await assertRefused('CONFLICT', plan(drop('a')));
      assert.match(error.message, /"a" is needed by b/);
      const set = await plan(drop('a', true));
      assert.equal(set.changeCount, 3);
      assert.equal((await confirmed(set.id)).status, 'FINISHED');
      assert.equal(bench.cloud.objects.size, 0);
    });

    it('may take what an update of the same set needs no more, after it', async () => {
      const move = { kind: 'UPDATE', resourceID: 'b', config: { name: '${d.id}' } } as const;
      const set = await plan(drop('a'), move, make('d', { name: 'd' }));
      const changes = await bench.intent.changesOf(set);
      assert.deepEqual(
        changes.map(({ resourceID, needs }) => [resourceID, needs]),
        [
          ['a', ['b']],
          ['b', ['d']],
          ['d', []],
        ],
      );
      assert.equal((await confirmed(set.id)).status, 'FINISHED');
      const edges = await bench.intent.findDependencies(bench.request, {
        intentProject: bench.project,
        resourceID: 'b',
      });
      assert.deepEqual(
        edges?.dependencies.map(({ to }) => to),
        ['d'],
      );
    });

    it('do not take what was only written without a reference, or is needed by a word of a person', async () => {
      const literal = { kind: 'UPDATE', resourceID: 'b', config: { name: 'id-a' } } as const;
      assert.equal((await apply((await plan(literal)).id)).status, 'FINISHED');
      await assertRefused('CONFLICT', plan(drop('a')), /needed by b/);
      await bench.context.storage.executeSql(`update resource_dependency set type = 'EXPLICIT'`);
      await assertRefused('CONFLICT', plan(drop('a'), literal), /needed by b/);
    });

    it('are refused where they have no order', async () => {
      const swap = [
        drop('b'),
        { kind: 'UPDATE', resourceID: 'c', config: { name: '${a.id}' } },
        { kind: 'UPDATE', resourceID: 'a', config: { name: 'z' } },
      ] as const;
      // c lets go of b when a is changed, and a is changed when b, which needs it, is gone.
      await assertRefused('BAD_INPUT', plan(...swap), /cannot be done in one order .* delete in a second one/);
    });

    it('take a token once, from the session that got it, for these plans only', async () => {
      const set = await plan(drop('c'));
      const token = (await apply(set.id)).confirmation?.token ?? '';
      await bench.intent.cancelChangeSet(bench.request, named((await plan(drop('b', true))).id));
      await assertRefused('CONFIRMATION_REQUIRED', apply(set.id, 'wrong'));
      await bench.context.storage.executeSql('update intent_project set lock_holder = null, fence = fence + 1');
      const foreign = bench.intent.applyChangeSet(otherSession('other'), { ...named(set.id), confirmation: token });
      await assertRefused('CONFIRMATION_REQUIRED', foreign);
      assert.equal((await apply(set.id, token)).status, 'FINISHED');
      await assertRefused('CONFLICT', apply(set.id, token));
    });

    it('need a person where the project wants one', async () => {
      await bench.context.storage.executeSql(`update intent_project set confirmation = 'PERSON'`);
      const set = await plan(drop('c'));
      await assertRefused('CONFIRMATION_REQUIRED', apply(set.id));
      const program = bench.intent.reviewChangeSet(
        { ...bench.request, caller: { ...bench.request.caller, principal: { kind: 'API_KEY', id: 'k', name: 'k' } } },
        { ...named(set.id), decision: 'ALLOW' },
      );
      await assertRefused('FORBIDDEN', program);
      const person = { ...bench.request.caller.principal, kind: 'USER' as const };
      const request = { ...bench.request, caller: { ...bench.request.caller, principal: person } };
      await bench.intent.reviewChangeSet(request, { ...named(set.id), decision: 'ALLOW' });
      assert.equal((await apply(set.id)).status, 'FINISHED');
    });

    it('need another person than who asked where the project wants four eyes', async () => {
      await bench.context.storage.executeSql(`update intent_project set confirmation = 'OTHER_PERSON'`);
      const set = await plan(drop('c'));
      await assertRefused('CONFIRMATION_REQUIRED', apply(set.id));
      const review = (id: string) => {
        const principal = { kind: 'USER' as const, id, name: id };
        const request = { ...bench.request, caller: { ...bench.request.caller, principal } };
        return bench.intent.reviewChangeSet(request, { ...named(set.id), decision: 'ALLOW' });
      };
      await assertRefused('FORBIDDEN', review(bench.request.caller.principal.id), /another person/);
      await assertRefused('CONFIRMATION_REQUIRED', apply(set.id));
      await review('somebody-else');
      assert.equal((await apply(set.id)).status, 'FINISHED');
    });
  });

  describe('a change that fails', () => {
    const failing = (name: string) => {
      bench.cloud.fault = ({ name: call, planned }) =>
        Promise.resolve(
          call === 'apply' && planned instanceof Map && planned.get('name') === name
            ? { problems: [{ severity: 'error', summary: 'quota', detail: '', path: [] }] }
            : undefined,
        );
    };
    const chain = () =>
      plan(
        make('a', { name: 'a' }),
        make('b', { name: '${a.id}' }),
        make('c', { name: '${b.id}' }),
        make('d', { name: 'd' }),
      );

    it('keeps what needs it from beginning, and nothing else; resume goes on without a second approval', async () => {
      const set = await chain();
      failing('id-a');
      const error = await assertRefused('PROVIDER_REFUSED', apply(set.id));
      assert.match(error.message, /2 of 4 are done, 1 were not begun[^]*- "b"[^]*quota/);
      const [, b, c] = await operations(set);
      assert.deepEqual(await statuses(set), ['FINISHED', 'FAILED', 'CANCELED', 'FINISHED']);
      assert.equal(c?.failure, `not begun: "b", which it needs, failed in operation ${b?.id}`);
      assert.equal((await find(set.id)).status, 'FAILED');

      bench.cloud.fault = undefined;
      bench.cloud.calls.length = 0;
      assert.equal((await resume(set.id)).status, 'FINISHED');
      assert.deepEqual(await statuses(set), ['FINISHED', 'FINISHED', 'FINISHED', 'FINISHED']);
      assert.equal(bench.cloud.calls.filter((call) => call === 'apply').length, 2);
      assert.equal((await resource('c'))?.condition, 'OK');
    });

    it('asks again where the rest would be done otherwise than approved', async () => {
      const set = await plan(make('a', { name: 'a' }), make('b', { name: 'b' }));
      const partial = aValue({ id: 'id-half', name: 'a', size: null, password: null, pin: null });
      bench.cloud.fault = ({ name, planned }) =>
        Promise.resolve(
          name === 'apply' && planned instanceof Map && planned.get('name') === 'a'
            ? { problems: [{ severity: 'error', summary: 'quota', detail: '', path: [] }], state: partial }
            : undefined,
        );
      await assertRefused('PROVIDER_REFUSED', apply(set.id));
      assert.equal((await resource('a'))?.condition, 'TAINTED');
      bench.cloud.fault = undefined;
      if (partial instanceof Map) bench.cloud.objects.set('id-half', partial);
      const again = await resume(set.id);
      assert.equal(again.status, 'PLANNED');
      assert.equal((await operations(again))[0]?.plan?.action, 'replace');
      assert.equal((await confirmed(set.id)).status, 'FINISHED');
      assert.deepEqual([...bench.cloud.objects.keys()].toSorted(), ['id-a', 'id-b']);
    });

    it('is stopped when its plan has become another one', async () => {
      await bench.create('old', { name: 'old', size: 1 });
      const set = await plan(change('old', { name: 'old', size: 2 }));
      bench.cloud.objects.set('id-old', new Map([...(bench.cloud.objects.get('id-old') ?? []), ['password', 'drift']]));
      await assertRefused('PLAN_CHANGED', apply(set.id));
      assert.deepEqual(await statuses(set), ['FAILED']);
    });

    it('may be one that cannot be planned: then nothing is begun, and each reason is told', async () => {
      const error = await assertRefused(
        'BAD_INPUT',
        plan(make('a', { nam: 'a' }), make('b', { name: '${a.id}' }), make('c', { name: 'c' })),
      );
      assert.match(error.message, /- "a": changes\[0\]\.config/);
      const set = await find(setOf(error));
      assert.deepEqual(await statuses(set), ['FAILED', 'CANCELED', 'CANCELED']);
      assert.match((await operations(set))[1]?.failure ?? '', /"a", which it needs, could not be planned/);
    });
  });

  describe('a server that dies', () => {
    const chain = () =>
      plan(make('a', { name: 'a' }), make('b', { name: '${a.id}' }), make('c', { name: '${b.name}' }));

    for (const step of ['planMember', 'writePlans', 'planAgainInSet', 'applyChange', 'recordOutcome', 'finishSet']) {
      it(`before ${step} leaves a change set that ends the same when it is resumed`, async () => {
        let deaths = 1;
        bench = await testIntent({
          beforeStep: (name) => {
            if (name !== step || deaths === 0) return Promise.resolve();
            deaths -= 1;
            return Promise.reject(new Error('power cut'));
          },
        });
        bench.cloud.plansIds = true;
        await chain()
          .then(
            ({ id }) => apply(id),
            () => undefined,
          )
          .catch(() => undefined);
        bench = { ...bench, intent: bench.restart() };
        await bench.intent.recover();
        const { changeSets } = await bench.intent.listChangeSets(bench.request, { intentProject: bench.project });
        const [set] = changeSets;
        assert.ok(set !== undefined);
        assert.equal(set.status, 'INTERRUPTED');
        const resumed = await resume(set.id);
        const done = resumed.status === 'PLANNED' ? await apply(set.id) : resumed;
        assert.equal(done.status, 'FINISHED');
        assert.deepEqual([...bench.cloud.objects.keys()].toSorted(), ['id-a', 'id-id-a']);
        await bench.intent.close();
      });
    }

    it('while the provider acts leaves the change in doubt where nobody can tell, until it is told', async () => {
      const set = await chain();
      bench.cloud.fault = ({ name }) =>
        name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      await assertRefused('PROVIDER_FAILED', apply(set.id));
      assert.equal((await find(set.id)).status, 'INTERRUPTED');
      bench.cloud.fault = undefined;
      await assertRefused('PROVIDER_FAILED', resume(set.id));
      assert.equal((await find(set.id)).status, 'INTERRUPTED');
      await assertRefused('CONFLICT', plan(make('a', { name: 'other' })));
      const eject = await bench.intent.ejectResource(bench.request, { intentProject: bench.project, resourceID: 'a' });
      const token = eject.confirmation?.token ?? '';
      await bench.intent.ejectResource(bench.request, {
        intentProject: bench.project,
        resourceID: 'a',
        confirmation: token,
      });
      assert.equal((await resume(set.id)).status, 'FINISHED');
    });
  });

  describe('calling off', () => {
    it('ends a set that waits, with its operations', async () => {
      const set = await plan(make('a', { name: 'a' }));
      const ended = await bench.intent.cancelChangeSet(bench.request, named(set.id));
      assert.equal(ended.status, 'CANCELED');
      assert.deepEqual(await statuses(set), ['CANCELED']);
      await assertRefused('CONFLICT', apply(set.id));
    });

    it('begins nothing more of one that is at work, and keeps what is done', async () => {
      const set = await plan(make('a', { name: 'a' }), make('b', { name: '${a.id}' }));
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const { promise: going, resolve: go } = Promise.withResolvers<void>();
      bench.cloud.fault = async ({ name }) => {
        if (name === 'apply') {
          reach();
          await going;
        }
        return undefined;
      };
      const applying = apply(set.id);
      await reached;
      const canceling = bench.intent.cancelChangeSet(bench.request, named(set.id));
      setTimeout(go, 50);
      assert.equal((await canceling).status, 'CANCELED');
      await applying;
      assert.deepEqual(await statuses(set), ['FINISHED', 'CANCELED']);
    });
  });

  describe('together with other work', () => {
    it('frees the project while it waits, and holds it while it works', async () => {
      const set = await plan(make('a', { name: 'a' }));
      const other = otherSession('other');
      const elsewhere = await bench.intent.createChangeSet(other, {
        intentProject: bench.project,
        changes: [make('z', { name: 'z' })],
      });
      assert.equal(elsewhere.status, 'PLANNED');
      await bench.intent.applyChangeSet(other, named(elsewhere.id));
      await assertRefused('PROJECT_LOCKED', apply(set.id));
    });

    it('lets no other operation begin on what it is about to change', async () => {
      const set = await plan(make('a', { name: 'a' }), make('b', { name: '${a.id}' }));
      let refused: unknown;
      bench.cloud.fault = async ({ name }) => {
        if (name === 'apply' && refused === undefined) {
          bench.cloud.fault = undefined;
          refused = await bench.create('b', { name: 'mine' }).catch((error: unknown) => error);
        }
        return undefined;
      };
      assert.equal((await apply(set.id)).status, 'FINISHED');
      assert.match(String(refused), /operation .* is PLANNED; wait for its end/);
    });

    it('has operations that are ended and resumed with it only', async () => {
      const set = await plan(make('a', { name: 'a' }));
      const [operation] = await operations(set);
      const name = { intentProject: bench.project, operationID: operation?.id ?? '' };
      await assertRefused('CONFLICT', bench.intent.cancelOperation(bench.request, name));
      await assertRefused('CONFLICT', bench.intent.resumeOperation(bench.request, name));
    });
  });

  it('has one change for each resource, at least one, at most a thousand', async () => {
    await assertRefused('BAD_INPUT', plan());
    await assertRefused('BAD_INPUT', plan(make('a', { name: 'a' }), drop('a')));
    await assertRefused('NO_SUCH', plan(drop('a')));
    const many = Array.from({ length: 1_001 }, (_, at) => make(`r${at}`, { name: 'x' }));
    await assertRefused('BAD_INPUT', plan(...many));
    await bench.create('a');
    await assertRefused('CONFLICT', plan(make('a', { name: 'a' })));
    const odd = await assertRefused('BAD_INPUT', plan({ ...drop('a'), config: {} }));
    assert.match(odd.message, /^changes\[0\]\.config: /);
  });
});
