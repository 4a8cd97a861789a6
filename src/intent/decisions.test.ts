import assert from 'node:assert/strict';

import { actions } from '../../generated/enums.ts';
import type { Request } from '../domain/context.ts';
import { type ApiKeyRow, insertApiKey } from '../storage/identity.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';
import { aValue } from '../testing/schemas.ts';

describe('what policies and people decide', () => {
  let bench: TestIntent;
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const operation = (id: string) => bench.intent.findOperation(bench.request, { intentProject: bench.project, id });
  const latest = async () =>
    (await bench.intent.listOperations(bench.request, { intentProject: bench.project })).operations[0];

  beforeEach(async () => {
    bench = await testIntent();
  });

  describe('policies', () => {
    it('are asked with the request and the plan', async () => {
      await bench.addPolicy('watch', () => ({ allow: ['fine'] }));
      await bench.create('one', { name: 'a', password: 'hunter22' });
      const [input] = bench.judged;
      assert.ok(isJsonObject(input));
      assert.deepEqual(input['resource'], {
        resource_id: 'one',
        resource_type: 'fake_thing',
        provider: 'acme/fake',
        provider_version: '1.2.3',
        operation: 'create',
        current_state: null,
        proposed_state: { name: 'a', password: null },
      });
      assert.deepEqual(input['spaces'], [{ id: 'root', name: 'root', labels: [] }]);
      assert.ok(isJsonObject(input['plan']));
      assert.deepEqual(input['plan']['actions'], ['create']);
      assert.deepEqual(input['plan']['sensitive_paths'], ['password']);
      assert.deepEqual(input['plan']['after_unknown'], ['id']);
    });

    it('are those that are attached when a slow provider has planned', async () => {
      bench.cloud.fault = async ({ name }) => {
        if (name !== 'plan') return undefined;
        await bench.addPolicy('late', () => ({ deny: ['not any more'] }));
        bench.clock.advance(2);
        return undefined;
      };
      await assertRefused('POLICY_DENIED', bench.create('one'), /not any more/);
    });

    it('see the teams of whoever asks', async () => {
      await bench.addPolicy('watch', () => ({ allow: ['fine'] }));
      const { caller, origin } = bench.request;
      const request = { origin, caller: { ...caller, teams: ['platform'] } };
      const config = { name: 'a' };
      const asked = { intentProject: bench.project, provider: 'acme/fake', type: 'fake_thing', config };
      await bench.intent.readDataSource(request, asked);
      await bench.intent.readDataSource(bench.request, asked);
      const teams = bench.judged.map((input) => field(input, 'session', 'teams'));
      assert.deepEqual(teams, [['platform'], []]);
    });

    it('see the whole way of a resource: its operations and its neighbours', async () => {
      await bench.addPolicy('watch', () => ({ allow: ['fine'] }));
      await bench.create('one');
      await bench.create('two');
      await bench.intent.addDependency(bench.request, { intentProject: bench.project, from: 'two', to: 'one' });
      await bench.intent.refreshResource(bench.request, at('two'));
      await bench.intent.ejectResource(bench.request, at('two'));
      const config = { name: 'two' };
      await bench.intent.readDataSource(bench.request, {
        intentProject: bench.project,
        provider: 'acme/fake',
        type: 'fake_thing',
        config,
      });
      assert.deepEqual(bench.judged.map((input) => field(input, 'resource', 'operation')), [
        'create', 'create', 'dependency-add', 'refresh', 'eject', 'read',
      ]); // prettier-ignore
      assert.deepEqual(field(bench.judged[3] ?? null, 'dependencies', 'upstream'), [
        { resource_id: 'one', resource_type: 'fake_thing' },
      ]);
    });

    it('block with every reason, and the provider is not told to act', async () => {
      await bench.addPolicy('size', () => ({ deny: ['too big', 'too red'], allow: ['right type'] }));
      await bench.addPolicy('time', () => ({ deny: [{ msg: 'not on Sundays' }] }));
      const error = await assertRefused('POLICY_DENIED', bench.create('one'));
      assert.match(error.message, /^the operation is denied by policy:\n- not on Sundays\n- too big\n- too red$/);
      const denied = await latest();
      assert.equal(denied?.status, 'DENIED');
      assert.equal(denied?.verdict, 'FAILED');
      assert.deepEqual(denied?.decision?.policies, ['size', 'time']);
      assert.deepEqual(error.details, { operation: denied?.id, reasons: ['not on Sundays', 'too big', 'too red'] });
      assert.ok(!bench.cloud.calls.includes('apply'));
    });

    it('that cannot be evaluated block', async () => {
      await bench.addPolicy('broken', () => Promise.reject(new Error('out of memory')));
      await bench.addPolicy('fine', () => ({ allow: ['fine'] }));
      await assertRefused('POLICY_DENIED', bench.create('one'), /policy "broken" could not be evaluated/);
    });

    it('that ask for it are sampled', async () => {
      await bench.addPolicy('curious', () => ({ allow: ['fine'], sample: true }));
      await bench.create('one', { name: 'a' });
      const { rows } = await bench.context.storage.executeSql('select outcome, body from policy_sample');
      assert.deepEqual(rows, [{ outcome: 'allow', body: 'package spacelift' }]);
    });

    it('block a read before the provider is asked', async () => {
      await bench.addPolicy('strict', () => ({ deny: ['no reads'] }));
      const input = { intentProject: bench.project, provider: 'acme/fake', type: 'fake_thing', config: { name: 'a' } };
      await assertRefused('POLICY_DENIED', bench.intent.readDataSource(bench.request, input), /no reads/);
    });

    it('can be tried without running anything', async () => {
      await bench.addPolicy('tags', (input) =>
        field(input, 'resource', 'proposed_state') === null ? { deny: ['empty'] } : { allow: ['tagged'], sample: true },
      );
      const { rows } = await bench.context.storage.executeSql(`select id from policy where name = 'tags'`);
      const policy = rows.map((row) => (isJsonObject(row) && typeof row['id'] === 'string' ? row['id'] : ''))[0] ?? '';
      const ask = (proposedState: Json) =>
        bench.intent.dryRunPolicy(bench.request, {
          policy, type: 'fake_thing', provider: 'acme/fake', operation: 'CREATE', proposedState,
        }); // prettier-ignore
      assert.deepEqual((await ask({ tags: {} })).outcome, 'ALLOWED');
      assert.deepEqual((await ask(null)).deny, ['empty']);
      assert.equal((await bench.context.storage.executeSql('select 1 from policy_sample')).rows.length, 0);
    });
  });

  describe('a try', () => {
    let policy: string;
    beforeEach(async () => {
      await bench.addPolicy('watch', () => ({ allow: ['fine'] }));
      const { rows } = await bench.context.storage.executeSql(`select id from policy where name = 'watch'`);
      policy = rows.map((row) => (isJsonObject(row) && typeof row['id'] === 'string' ? row['id'] : ''))[0] ?? '';
    });
    const subject = { type: 'fake_thing', provider: 'acme/fake' };
    const tryOut = (input: Omit<Parameters<typeof bench.intent.dryRunPolicy>[1], 'policy' | 'type' | 'provider'>) =>
      bench.intent.dryRunPolicy(bench.request, { policy, ...subject, ...input });
    /** What says what kind of thing it is, and what it is about. */
    const shape = (input: Json | undefined) => {
      assert.ok(isJsonObject(input) && isJsonObject(input['resource']) && isJsonObject(input['plan']));
      const { resource, plan, dependency = null } = input;
      const { before = null, after = null, actions: steps = null } = plan;
      const known = (state: Json) => (isJsonObject(state) ? [state['name'] ?? null, state['size'] ?? null] : state);
      return {
        operation: resource['operation'],
        id: resource['resource_id'],
        type: resource['resource_type'],
        current: known(resource['current_state'] ?? null),
        proposed: known(resource['proposed_state'] ?? null),
        steps,
        before: known(before),
        after: known(after),
        dependency,
      };
    };

    it('shows a policy what it would see, whatever kind of thing it judges', async () => {
      const { request, intent, project: intentProject } = bench;
      const one = { name: 'one', size: 1 };
      const larger = { name: 'one', size: 2 };
      const edge = { intentProject, from: 'one', to: 'two' };
      const there = aValue({ id: 'id-x', name: 'x', size: 1, password: null, pin: null });
      if (there instanceof Map) bench.cloud.objects.set('id-x', there);
      await bench.create('two');
      bench.judged.length = 0;
      await bench.create('one', one);
      await intent.updateResource(request, { ...at('one'), config: larger });
      await intent.importResource(request, { ...at('x'), ...subject, importID: 'id-x' });
      await intent.refreshResource(request, at('one'));
      await intent.addDependency(request, edge);
      await intent.removeDependency(request, edge);
      await intent.readDataSource(request, { intentProject, ...subject, config: one });
      await intent.deleteResource(request, at('one'));
      await intent.ejectResource(request, at('two'));
      const seen = bench.judged.map(shape);
      bench.judged.length = 0;

      const needed = { resourceID: 'one', to: 'two', toType: 'fake_thing', currentState: larger };
      await tryOut({ operation: 'CREATE', resourceID: 'one', proposedState: one });
      await tryOut({ operation: 'UPDATE', resourceID: 'one', currentState: one, proposedState: larger });
      await tryOut({ operation: 'IMPORT', resourceID: 'x', proposedState: { name: 'x', size: 1 } });
      await tryOut({ operation: 'REFRESH', resourceID: 'one', currentState: larger });
      await tryOut({ operation: 'DEPENDENCY_ADD', ...needed });
      await tryOut({ operation: 'DEPENDENCY_REMOVE', ...needed });
      await tryOut({ operation: 'READ', currentState: larger, proposedState: one });
      await tryOut({ operation: 'DELETE', resourceID: 'one', currentState: larger, proposedState: one });
      await tryOut({ operation: 'EJECT', resourceID: 'two', currentState: { name: 'two' }, proposedState: one });
      assert.deepEqual(bench.judged.map(shape), seen);
    });

    it('says that what cannot wait for a person is denied where no policy allows it', async () => {
      await bench.addPolicy('silent', () => ({}));
      const { rows } = await bench.context.storage.executeSql(`select id from policy where name = 'silent'`);
      policy = rows.map((row) => (isJsonObject(row) && typeof row['id'] === 'string' ? row['id'] : ''))[0] ?? '';
      assert.equal((await tryOut({ operation: 'CREATE' })).outcome, 'REVIEW');
      for (const operation of ['READ', 'DEPENDENCY_ADD', 'DEPENDENCY_REMOVE'] as const) {
        const more = operation === 'READ' ? {} : { toType: 'fake_thing' };
        const { outcome, deny } = await tryOut({ operation, ...more });
        assert.deepEqual([outcome, deny.length], ['DENIED', 1]);
        assert.match(deny[0] ?? '', /cannot wait for a review/);
      }
    });

    it('of an edit of dependencies wants to know what is needed, and of nothing else', async () => {
      await assertRefused('BAD_INPUT', tryOut({ operation: 'DEPENDENCY_ADD' }), /^toType: /);
      await assertRefused('BAD_INPUT', tryOut({ operation: 'DELETE', to: 'two' }), /^to: /);
    });
  });

  describe('a review', () => {
    const review = (id: string, decision: 'ALLOW' | 'DENY', request: Request = bench.request) =>
      bench.intent.reviewOperation(request, { intentProject: bench.project, operationID: id, decision, note: 'seen' });
    const resume = (id: string) =>
      bench.intent.resumeOperation(bench.request, { intentProject: bench.project, operationID: id });

    beforeEach(() => bench.addPolicy('silent', () => ({})));

    it('is waited for where no policy allows or denies', async () => {
      const waiting = await bench.create('one');
      assert.equal(waiting.status, 'PENDING_REVIEW');
      assert.equal(waiting.outcome, 'pending_review');
      await assertRefused('REVIEW_PENDING', resume(waiting.id));
      assert.ok(!bench.cloud.calls.includes('apply'));
    });

    it('lets the operation through, which is planned and judged again', async () => {
      const waiting = await bench.create('one');
      const allowed = await review(waiting.id, 'ALLOW', otherSession('reviewer'));
      assert.equal(allowed.status, 'QUEUED');
      assert.deepEqual([allowed.review?.author, allowed.review?.note], ['reviewer', 'seen']);
      const done = await resume(waiting.id);
      assert.equal(done.status, 'FINISHED');
      assert.equal(bench.judged.length, 2);
      assert.deepEqual(field(bench.judged[1] ?? null, 'request', 'approved_by'), ['reviewer']);
    });

    it('that lets through is of that plan: another one must be reviewed anew', async () => {
      const waiting = await bench.create('one');
      await review(waiting.id, 'ALLOW');
      bench.cloud.plansIds = true;
      assert.equal((await resume(waiting.id)).status, 'PENDING_REVIEW');
      await review(waiting.id, 'ALLOW');
      assert.equal((await resume(waiting.id)).status, 'FINISHED');
    });

    it('rejects', async () => {
      const waiting = await bench.create('one');
      const rejected = await review(waiting.id, 'DENY');
      assert.equal(rejected.status, 'DENIED');
      assert.match(rejected.message, /admin rejected it: seen/);
      await assertRefused('CONFLICT', resume(waiting.id));
      await assertRefused('CONFLICT', review(waiting.id, 'ALLOW'));
    });

    it('that never comes calls the operation off after seven days', async () => {
      const waiting = await bench.create('one');
      bench.clock.advance(7 * 24 * 3600 - 1);
      await bench.intent.recover();
      assert.equal((await operation(waiting.id))?.status, 'PENDING_REVIEW');
      bench.clock.advance(2);
      await assertRefused('CONFLICT', review(waiting.id, 'ALLOW'));
      const next = bench.restart();
      await next.recover();
      assert.equal((await operation(waiting.id))?.status, 'CANCELED');
      await Promise.all([bench.intent.close(), next.close()]);
    });

    it('gives the project free meanwhile', async () => {
      await bench.create('one');
      const other = otherSession('other');
      const input = { ...at('two'), provider: 'acme/fake', type: 'fake_thing', config: { name: 'b' } };
      assert.equal((await bench.intent.createResource(other, input)).status, 'PENDING_REVIEW');
    });

    it('does not spare the confirmation', async () => {
      const waiting = await bench.create('one');
      await review(waiting.id, 'ALLOW');
      await resume(waiting.id);
      const deleting = await bench.intent.deleteResource(bench.request, at('one'));
      assert.equal(deleting.status, 'PENDING_REVIEW');
      await review(deleting.id, 'ALLOW');
      const asked = await resume(deleting.id);
      assert.equal(asked.status, 'AWAITING_CONFIRMATION');
      const confirmation = asked.confirmation?.token ?? '';
      const done = await bench.intent.deleteResource(bench.request, { ...at('one'), confirmation });
      assert.equal(done.outcome, 'deleted');
    });
  });

  describe('a confirmation by a person', () => {
    const named = (name: string, id: string): Request => {
      const request = otherSession(name);
      const grants = new Map([['root', new Set(actions)]]);
      return { ...request, caller: { ...request.caller, principal: { kind: 'USER', id, name }, grants } };
    };
    const person = (): Request => named('person', 'u');

    it('is given on the operation, by nobody else', async () => {
      await bench.context.storage.executeSql(`update intent_project set confirmation = 'PERSON'`);
      await bench.create('one');
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      assert.equal(waiting.status, 'AWAITING_CONFIRMATION');
      assert.equal(waiting.confirmation, null);
      const input = { intentProject: bench.project, operationID: waiting.id };
      await assertRefused('CONFIRMATION_REQUIRED', bench.intent.resumeOperation(bench.request, input));
      const allow = { ...input, decision: 'ALLOW' as const };
      await assertRefused('FORBIDDEN', bench.intent.reviewOperation(bench.request, allow));
      await bench.intent.reviewOperation(person(), allow);
      assert.equal(bench.cloud.objects.size, 1);
      assert.equal((await bench.intent.resumeOperation(bench.request, input)).outcome, 'deleted');
    });

    it('is given by another one than who asked, where the project wants four eyes', async () => {
      await bench.context.storage.executeSql(`update intent_project set confirmation = 'OTHER_PERSON'`);
      const asker = named('asker', 'a');
      const review = (request: Request, operationID: string, decision: 'ALLOW' | 'DENY' = 'ALLOW') =>
        bench.intent.reviewOperation(request, { intentProject: bench.project, operationID, decision });
      await bench.addPolicy('silent', () => ({}));
      const config = { name: 'one' };
      const create = (resourceID: string) =>
        bench.intent.createResource(asker, { ...at(resourceID), provider: 'acme/fake', type: 'fake_thing', config });
      const made = await create('one');
      assert.equal(made.status, 'PENDING_REVIEW');
      await assertRefused('FORBIDDEN', review(asker, made.id), /another person/);
      await assertRefused('FORBIDDEN', review(bench.request, made.id), /not by a program/);
      await review(person(), made.id);
      const resumed = { intentProject: bench.project, operationID: made.id };
      assert.equal((await bench.intent.resumeOperation(asker, resumed)).outcome, 'created');
      assert.equal((await review(asker, (await create('two')).id, 'DENY')).status, 'DENIED');
      await bench.addPolicy('open', () => ({ allow: ['fine'] }));
      const deleting = await bench.intent.deleteResource(asker, at('one'));
      assert.deepEqual([deleting.status, deleting.confirmation], ['AWAITING_CONFIRMATION', null]);
      await assertRefused('FORBIDDEN', review(asker, deleting.id), /another person/);
      await review(person(), deleting.id);
      const confirmed = { intentProject: bench.project, operationID: deleting.id };
      assert.equal((await bench.intent.resumeOperation(asker, confirmed)).outcome, 'deleted');
    });

    it('is not given by who asked through an API key of theirs', async () => {
      await bench.context.storage.executeSql(`update intent_project set confirmation = 'OTHER_PERSON'`);
      await bench.addPolicy('silent', () => ({}));
      const key = await bench.context.storage.transaction(async (db) => {
        const row = anApiKey('person');
        await insertApiKey(db, row);
        return row.id;
      });
      const machine = otherSession('machine');
      const principal = { kind: 'API_KEY', id: key, name: 'robot' } as const;
      const asked = { ...at('one'), provider: 'acme/fake', type: 'fake_thing', config: { name: 'one' } };
      const made = await bench.intent.createResource({ ...machine, caller: { ...machine.caller, principal } }, asked);
      const allow = { intentProject: bench.project, operationID: made.id, decision: 'ALLOW' as const };
      await assertRefused('FORBIDDEN', bench.intent.reviewOperation(person(), allow), /another person/);
      assert.equal((await bench.intent.reviewOperation(named('other', 'o'), allow)).status, 'QUEUED');
    });
  });

  describe('cancel', () => {
    const cancel = (id: string) =>
      bench.intent.cancelOperation(bench.request, { intentProject: bench.project, operationID: id });

    it('ends what waits at once', async () => {
      await bench.create('one');
      const waiting = await bench.intent.deleteResource(bench.request, at('one'));
      const canceled = await cancel(waiting.id);
      assert.equal(canceled.status, 'CANCELED');
      const confirmation = waiting.confirmation?.token ?? '';
      await assertRefused(
        'CONFIRMATION_REQUIRED',
        bench.intent.deleteResource(bench.request, { ...at('one'), confirmation }),
      );
      assert.equal((await cancel(waiting.id)).status, 'CANCELED');
    });

    it('asks the provider to stop what runs, and keeps what it made', async () => {
      const gate = Promise.withResolvers<void>();
      bench.cloud.fault = async ({ name }) => {
        if (name !== 'apply') return undefined;
        await gate.promise;
        return { problems: [{ severity: 'error', summary: 'stopped', detail: '', path: [] }] };
      };
      const running = await bench.create('one', { name: 'a' }, 0);
      await until(() => bench.cloud.calls.includes('apply'));
      const canceling = cancel(running.id);
      await until(() => bench.cloud.cancelled.includes(running.id));
      gate.resolve();
      assert.equal((await canceling).status, 'FAILED');
    });

    it('calls off what has not acted yet', async () => {
      const gate = Promise.withResolvers<void>();
      bench.cloud.fault = async ({ name }) => {
        if (name === 'plan') await gate.promise;
        return undefined;
      };
      const running = await bench.create('one', { name: 'a' }, 0);
      const canceling = cancel(running.id);
      await until(() => bench.cloud.cancelled.includes(running.id));
      gate.resolve();
      assert.equal((await canceling).status, 'CANCELED');
      assert.ok(!bench.cloud.calls.includes('apply'));
    });

    it('of what is at its end is refused', async () => {
      const done = await bench.create('one');
      await assertRefused('CONFLICT', cancel(done.id));
      await assertRefused('NO_SUCH', cancel('01ARZ3NDEKTSV4RRFFQ69G5FAV'));
    });
  });

  describe('dependencies', () => {
    const edge = (from: string, to: string) => ({ intentProject: bench.project, from, to });

    it('are judged before they are edited, as operations on what needs', async () => {
      for (const name of ['one', 'two', 'three']) await bench.create(name, { name, password: 'hunter22' });
      await bench.intent.addDependency(bench.request, edge('two', 'one'));
      let verdict: Json = { deny: ['edges stay as they are'] };
      await bench.addPolicy('edges', () => verdict);
      const edits = [
        () => bench.intent.addDependency(bench.request, edge('three', 'one')),
        () => bench.intent.removeDependency(bench.request, edge('two', 'one')),
      ];
      for (const edit of edits) await assertRefused('POLICY_DENIED', edit(), /- edges stay as they are/);
      verdict = {};
      for (const edit of edits) await assertRefused('POLICY_DENIED', edit(), /cannot wait for a review/);
      assert.deepEqual((await bench.intent.findDependencies(bench.request, at('one')))?.summary.dependentsCount, 1);
      const [added, removed] = bench.judged;
      assert.deepEqual(
        [added, removed].map((input) => [
          field(input ?? null, 'resource', 'operation'),
          field(input ?? null, 'resource', 'resource_id'),
        ]),
        [
          ['dependency-add', 'three'],
          ['dependency-remove', 'two'],
        ],
      );
      assert.equal(JSON.stringify(bench.judged).includes('hunter22'), false);
      assert.deepEqual(isJsonObject(added ?? null) && (added as { dependency: Json }).dependency, {
        from: { resource_id: 'three', resource_type: 'fake_thing' },
        to: { resource_id: 'one', resource_type: 'fake_thing' },
      });
      verdict = { allow: ['fine'] };
      for (const edit of edits) await edit();
      const refused = await bench.context.storage.executeSql(
        `select action from audit_entry where event_type = 'REFUSAL'`,
      );
      assert.equal(refused.rows.length, 4);
    });

    it('are added, shown from both ends and removed', async () => {
      await bench.create('one');
      await bench.create('two');
      const fieldMappings = [{ sourceField: 'id', targetField: 'name' }];
      const added = await bench.intent.addDependency(bench.request, { ...edge('two', 'one'), fieldMappings });
      assert.equal(added.outcome, 'added');
      const ask = (resourceID: string) => bench.intent.findDependencies(bench.request, at(resourceID));
      assert.deepEqual((await ask('one'))?.summary, { dependenciesCount: 0, dependentsCount: 1, totalCount: 1 });
      assert.equal((await ask('two'))?.dependencies[0]?.fieldMappings[0]?.sourceField, 'id');
      await assertRefused('CONFLICT', bench.intent.addDependency(bench.request, edge('two', 'one')));
      assert.equal((await bench.intent.removeDependency(bench.request, edge('two', 'one'))).outcome, 'removed');
      await assertRefused('NO_SUCH', bench.intent.removeDependency(bench.request, edge('two', 'one')));
      assert.equal((await ask('none')) ?? null, null);
    });

    it('cannot be of a resource on itself, on an unknown one, or in a circle', async () => {
      for (const name of ['one', 'two', 'three']) await bench.create(name);
      await bench.intent.addDependency(bench.request, edge('one', 'two'));
      await bench.intent.addDependency(bench.request, edge('two', 'three'));
      await assertRefused('BAD_INPUT', bench.intent.addDependency(bench.request, edge('one', 'one')));
      await assertRefused('NO_SUCH', bench.intent.addDependency(bench.request, edge('one', 'none')));
      await assertRefused(
        'BAD_INPUT',
        bench.intent.addDependency(bench.request, edge('three', 'one')),
        /three -> one -> two -> three/,
      );
    });
  });
});

function anApiKey(creator: string): ApiKeyRow {
  const absent = {
    secretHash: undefined,
    previousSecretHash: undefined,
    previousSecretUntil: undefined,
    oidc: undefined,
  };
  const times = { createdAt: new Date(), lastUsedAt: undefined, expiresAt: undefined };
  const text = { id: 'key', name: 'robot', description: '', type: 'SECRET' as const };
  return { ...absent, ...times, ...text, generation: 0, creator, deleted: false, teams: [] };
}

function field(input: Json, part: string, name: string): Json | undefined {
  const holder = isJsonObject(input) ? input[part] : undefined;
  return isJsonObject(holder) ? holder[name] : undefined;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
