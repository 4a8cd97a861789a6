import assert from 'node:assert/strict';

import { activateProject, lockQueueOf, unlockProject } from '../domain/projects/index.ts';
import { AppError } from '../shared/errors.ts';
import { isJsonObject } from '../shared/json.ts';
import { releaseLock } from '../storage/projects.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';

describe('the lock of a project', () => {
  let bench: TestIntent;
  const input = (resourceID: string) => ({
    intentProject: bench.project,
    resourceID,
    provider: 'acme/fake',
    type: 'fake_thing',
    config: { name: resourceID },
  });
  const holdApply = () => {
    const gate = Promise.withResolvers<void>();
    bench.cloud.fault = async ({ name }) => {
      if (name === 'apply') await gate.promise;
      return undefined;
    };
    return gate;
  };

  const lockReaches = async (time: number): Promise<void> => {
    for (;;) {
      const { rows } = await bench.context.storage.executeSql(
        `select extract(epoch from lock_until)::float8 * 1000 as until from intent_project where id = 'bench'`,
      );
      const [row] = rows;
      if (isJsonObject(row) && Number(row['until']) >= time) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  beforeEach(async () => {
    bench = await testIntent();
  });

  it('is held for five minutes after the last activity', async () => {
    const other = otherSession('other');
    await bench.create('one');
    bench.clock.advance(4 * 60 + 59);
    const refused = await assertRefused('PROJECT_LOCKED', bench.intent.createResource(other, input('two')), /admin/);
    assert.equal(refused.details['holder'], 'admin');
    await bench.create('three');
    bench.clock.advance(4 * 60 + 59);
    await assertRefused('PROJECT_LOCKED', bench.intent.createResource(other, input('two')));
    bench.clock.advance(2);
    assert.equal((await bench.intent.createResource(other, input('two'))).status, 'FINISHED');
    await assertRefused('PROJECT_LOCKED', bench.create('four'));
  });

  it('lets one of a hundred racing sessions through', async function () {
    const calls = Array.from({ length: 100 }, (_, at) =>
      bench.intent.createResource(otherSession(`s${at % 10}`), input(`r${at}`)).then(
        () => `s${at % 10}`,
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      ),
    );
    const answers = await Promise.all(calls);
    const winners = new Set(answers.filter((answer) => answer.startsWith('s')));
    assert.equal(winners.size, 1);
    const lost = answers.filter((answer) => !answer.startsWith('s'));
    assert.deepEqual([...new Set(lost)], ['PROJECT_LOCKED']);
    assert.equal(answers.length - lost.length, 10);
    assert.equal(bench.cloud.objects.size, 10);
  });

  it('makes one object of two calls for it, also when one comes to its end before the other is written down', async () => {
    const ended = Promise.withResolvers<void>();
    bench.cloud.fault = async ({ name }) => {
      const calls = bench.cloud.calls.filter((each) => each === 'validate').length;
      if (name === 'validate' && calls === 2) await ended.promise;
      return undefined;
    };
    const calls = await Promise.allSettled([1, 2].map(() => bench.create('one').finally(ended.resolve)));
    const refused = calls.flatMap((call) => (call.status === 'rejected' ? [String(call.reason)] : []));
    assert.match(refused.join(), /another operation made or removed it meanwhile/);
    assert.equal(refused.length, 1);
    assert.equal(bench.cloud.objects.size, 1);
  });

  it('is kept while an operation runs, however long', async () => {
    bench = await testIntent({ limits: { leaseMs: 15 } }); // says every 5 ms that it is there
    const gate = holdApply();
    await bench.intent.createResource(bench.request, { ...input('one'), wait: 0 });
    await until(() => bench.cloud.calls.includes('apply'));
    for (let minutes = 0; minutes < 10; minutes += 4) {
      bench.clock.advance(4 * 60);
      const until = bench.clock.now().getTime() + 5 * 60_000;
      await lockReaches(until);
    }
    await assertRefused('PROJECT_LOCKED', bench.intent.createResource(otherSession('other'), input('two')));
    gate.resolve();
    await bench.intent.close();
  });

  it('that is lost lets its holder write nothing any more', async () => {
    const gate = holdApply();
    const running = await bench.intent.createResource(bench.request, { ...input('one'), wait: 0 });
    await until(() => bench.cloud.calls.includes('apply'));
    await bench.context.storage.transaction((db) => releaseLock(db, bench.project, undefined));
    const other = otherSession('other');
    const taken = bench.intent.createResource(other, input('two'));
    await until(() => bench.cloud.calls.filter((name) => name === 'apply').length === 2);
    gate.resolve();
    assert.equal((await taken).status, 'FINISHED');
    await bench.intent.close();
    const { intentProject } = input('one');
    const stuck = await bench.intent.findOperation(bench.request, { intentProject, id: running.id });
    assert.equal(stuck?.status, 'APPLYING');
    assert.equal(await bench.intent.findResource(bench.request, { intentProject, resourceID: 'one' }), null);

    const next = bench.restart();
    await next.recover();
    const found = await next.findOperation(bench.request, { intentProject, id: running.id });
    assert.equal(found?.status, 'INTERRUPTED');
    const doubtful = await next.findResource(bench.request, { intentProject, resourceID: 'one' });
    assert.equal(doubtful?.condition, 'INDETERMINATE');
    await next.close();
  });

  it('is waited for in line by an operation that wants to', async () => {
    const other = otherSession('other');
    await activateProject(bench.context, bench.request, bench.project);
    const waiting = bench.intent.createResource(other, { ...input('one'), lockWait: 50 });
    await until(async () => (await lockQueueOf(bench.context, other.caller, bench.project)).length === 1);
    assert.deepEqual(bench.cloud.calls, []);
    await unlockProject(bench.context, bench.request, bench.project);
    assert.equal((await waiting).status, 'FINISHED');
    await assertRefused('PROJECT_LOCKED', bench.create('two'), /in use by other/);
  });

  it('is given back when nothing comes of what it was waited for', async () => {
    const other = otherSession('other');
    await activateProject(bench.context, bench.request, bench.project);
    const bad = { ...input('one'), config: { nonsense: 1 }, lockWait: 50 };
    const waiting = assertRefused('BAD_INPUT', bench.intent.createResource(other, bad));
    const changes = [{ kind: 'DELETE', resourceID: 'none' }] as const;
    const set = { intentProject: bench.project, changes, lockWait: 50 };
    await assertRefused('NO_SUCH', bench.intent.createChangeSet(other, set)); // that is seen before any wait
    await until(async () => (await lockQueueOf(bench.context, other.caller, bench.project)).length === 1);
    await unlockProject(bench.context, bench.request, bench.project);
    await waiting;
    assert.equal((await bench.create('two')).status, 'FINISHED');
  });

  it('that is taken by force from work under way leaves it to be resumed, by whoever has the lock then', async () => {
    bench = await testIntent({ limits: { leaseMs: 30 } });
    bench.cloud.plansIds = true;
    const gate = holdApply();
    const running = await bench.intent.createResource(bench.request, { ...input('one'), wait: 0 });
    await until(() => bench.cloud.calls.includes('apply'));
    const thief = otherSession('thief');
    await assertRefused(
      'CONFLICT',
      unlockProject(bench.context, thief, bench.project),
      /cancel it, or unlock with force/,
    );
    await unlockProject(bench.context, thief, bench.project, { force: true });
    const { rows } = await bench.context.storage.executeSql(
      `select actor, data->>'holder' as holder, data->>'cutOff' as work from audit_entry where action = 'intent-project.unlock'`,
    );
    assert.deepEqual(rows, [{ actor: 'api_key::thief', holder: 'admin', work: running.id }]);

    // As long as the provider acts the operation is under way: nobody may settle it yet, and nothing else touch its resource.
    const name = { intentProject: bench.project, operationID: running.id };
    bench.clock.advance(60);
    await assertRefused('CONFLICT', bench.intent.resumeOperation(thief, name));
    await assertRefused('CONFLICT', bench.intent.createResource(thief, input('one')));
    await activateProject(bench.context, thief, bench.project);
    await unlockProject(bench.context, thief, bench.project); // nothing of its own is under way
    gate.resolve();
    await bench.intent.close();
    const next = bench.restart({ limits: { leaseMs: 30 } });
    await next.recover();
    const found = await next.findOperation(thief, { intentProject: bench.project, id: running.id });
    assert.equal(found?.status, 'INTERRUPTED');
    assert.match(found?.failure ?? '', /^the server went away, or the project was taken from it, while the provider/);
    assert.equal((await next.resumeOperation(thief, name)).status, 'FINISHED');
    assert.equal(bench.cloud.objects.size, 1);
    await next.close();
  });

  it('that is taken by force loses no id that the provider gave: who resumes is told what was made', async () => {
    const gate = holdApply();
    const running = await bench.intent.createResource(bench.request, { ...input('one'), wait: 0 });
    await until(() => bench.cloud.calls.includes('apply'));
    const thief = otherSession('thief');
    await unlockProject(bench.context, thief, bench.project, { force: true });
    await activateProject(bench.context, thief, bench.project);
    gate.resolve();
    await until(() => bench.cloud.objects.size === 1);
    const name = { intentProject: bench.project, operationID: running.id };
    const status = async () =>
      (await bench.intent.findOperation(thief, { intentProject: bench.project, id: running.id }))?.status;
    await until(async () => {
      await bench.intent.recover();
      return (await status()) === 'INTERRUPTED';
    });
    const resumed = await bench.intent.resumeOperation(thief, name);
    assert.equal(resumed.status, 'FINISHED', resumed.message);
    assert.equal(resumed.outcome, 'created');
    assert.equal(bench.cloud.objects.size, 1);
    await bench.intent.close();
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
