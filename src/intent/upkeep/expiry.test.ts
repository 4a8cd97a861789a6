import assert from 'node:assert/strict';

import {
  createProject,
  deleteProject,
  destroyProject,
  enableProject,
  expiryOf,
  findProject,
  updateProject,
} from '../../domain/projects/index.ts';
import type { Request } from '../../domain/context.ts';
import { requestOf } from '../../testing/domain.ts';
import { otherSession, type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

const HOUR = 3_600;
const noPost = () => Promise.reject(new Error('no webhook is set'));

describe('the end of a project', () => {
  let bench: TestIntent;
  let upkeep: Upkeep;
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const end = (input: Parameters<typeof updateProject>[3], request: Request = bench.request) =>
    updateProject(bench.context, request, bench.project, input);
  const expiry = () => expiryOf(bench.context, bench.project);
  const project = () => findProject(bench.context, bench.request, bench.project);
  /** Everything that is due, as the queue would have it done. */
  const work = async () => {
    for (const { name, project: id } of await upkeep.due()) {
      await upkeep.jobs.find((job) => job.name === name)?.run({ project: id });
    }
  };
  const audited = async () => {
    const { rows } = await bench.context.storage.executeSql(`select action from audit_entry`);
    return rows.map((row) => JSON.stringify(row));
  };
  const kinds = async () =>
    (await bench.intent.listOperations(bench.request, { intentProject: bench.project })).operations.map(
      ({ kind, resourceID, status }) => `${kind} ${resourceID} ${status}`,
    );

  beforeEach(async () => {
    bench = await testIntent();
    upkeep = createUpkeep(bench.context, bench.intent, noPost);
  });

  it('is given as a length or as a time, and taken away again', async () => {
    await end({ ttl: '72h' });
    const now = bench.clock.now().getTime() / 1000;
    assert.deepEqual(await expiry(), {
      ttlSeconds: 72 * HOUR, expiresAt: now + 72 * HOUR, action: 'ARCHIVE', archivedAt: null, note: null,
    }); // prettier-ignore
    await end({ expiresAt: now + 900, onExpiryAction: 'DELETE' });
    assert.equal((await expiry())?.expiresAt, now + 900);
    await end({ clearTtl: true });
    assert.equal(await expiry(), null);
    await assertRefused('BAD_INPUT', end({ ttl: '1y' }), /^ttl/);
    await assertRefused('BAD_INPUT', end({ ttl: '1m' }), /5 minutes/);
    await assertRefused('BAD_INPUT', end({ ttl: '2h', expiresAt: now + 900 }), /together/);
    await assertRefused('BAD_INPUT', end({ onExpiryAction: 'DELETE' }), /needs an end/);
    const made = await createProject(bench.context, bench.request, { name: 'Short', ttl: '1w' });
    assert.equal((await expiryOf(bench.context, made.id))?.ttlSeconds, 7 * 24 * HOUR);
  });

  it('is announced a day and an hour before, once each', async () => {
    await end({ ttl: '3d' });
    await work();
    assert.equal((await audited()).filter((line) => line.includes('expiry-warning')).length, 0);
    for (const seconds of [48 * HOUR + 1, 60, 23 * HOUR, 60]) {
      bench.clock.advance(seconds);
      await work();
    }
    assert.equal((await audited()).filter((line) => line.includes('expiry-warning')).length, 2);
    assert.equal((await project())?.state, 'ENABLED');
  });

  it('disables the project: nothing new begins, resources stay, and it is not switched on while it is over', async () => {
    await bench.create('one');
    await end({ ttl: '1h' });
    bench.clock.advance(HOUR);
    await work();
    assert.equal((await project())?.state, 'DISABLED');
    await assertRefused('CONFLICT', bench.create('two'), /disabled/);
    assert.equal(bench.cloud.objects.size, 1);
    assert.deepEqual(await upkeep.due(), []);
    await assertRefused('CONFLICT', enableProject(bench.context, bench.request, bench.project), /ended at/);
    await end({ ttl: '1h' });
    await enableProject(bench.context, bench.request, bench.project);
    assert.equal((await bench.create('two')).status, 'FINISHED');
  });

  it('destroys the resources, what needs others first, and deletes the project', async () => {
    for (const id of ['base', 'middle', 'top']) await bench.create(id);
    const needs = (from: string, to: string) =>
      bench.intent.addDependency(bench.request, { intentProject: bench.project, from, to });
    await needs('middle', 'base');
    await needs('top', 'middle');
    await end({ ttl: '1h', onExpiryAction: 'DELETE' });
    bench.clock.advance(HOUR);
    await work();
    assert.equal(bench.cloud.objects.size, 0);
    assert.equal(await project(), null);
    const done = (await kinds()).filter((line) => line.startsWith('DELETE'));
    assert.deepEqual(done.toReversed(), ['DELETE top FINISHED', 'DELETE middle FINISHED', 'DELETE base FINISHED']);
  });

  it('goes by the policies: what they deny stays with what it needs, is told, and is tried again', async () => {
    for (const id of ['base', 'kept', 'loose']) await bench.create(id);
    await bench.intent.addDependency(bench.request, { intentProject: bench.project, from: 'kept', to: 'base' });
    let frozen = true;
    await bench.addPolicy('freeze', (input) =>
      frozen && JSON.stringify(input).includes('"resource_id":"kept"') ? { deny: ['frozen'] } : { allow: ['fine'] },
    );
    await end({ ttl: '1h', onExpiryAction: 'DELETE' });
    bench.clock.advance(HOUR);
    await work();
    assert.deepEqual([...bench.cloud.objects.keys()].toSorted(), ['id-base', 'id-kept']);
    assert.match((await expiry())?.note ?? '', /^fake_thing "kept": .*\n- frozen$/);
    assert.equal((await project())?.state, 'DISABLED');
    frozen = false;
    await work();
    assert.equal(bench.cloud.objects.size, 2, 'not before an hour has gone');
    bench.clock.advance(HOUR);
    await work();
    assert.equal(await project(), null);
    assert.equal((await audited()).filter((line) => line.includes('expiry-blocked')).length, 1);
  });

  it('waits for a person where the policies or the project want one, and goes on with what they let through', async () => {
    await bench.create('one');
    await bench.addPolicy('undecided', () => ({}));
    await end({ ttl: '1h', onExpiryAction: 'DELETE' });
    bench.clock.advance(HOUR);
    await work();
    assert.match((await expiry())?.note ?? '', /waits for a person/);
    bench.clock.advance(HOUR);
    await work();
    assert.deepEqual(await kinds(), ['DELETE one PENDING_REVIEW', 'CREATE one FINISHED']);
    const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
    await bench.intent.reviewOperation(bench.request, {
      intentProject: bench.project, operationID: operations[0]?.id ?? '', decision: 'ALLOW',
    }); // prettier-ignore
    bench.clock.advance(HOUR);
    await work();
    assert.equal(await project(), null);
  });

  it('does not cut off a session that works in it', async () => {
    await bench.create('one');
    await end({ ttl: '1h', onExpiryAction: 'DELETE' });
    bench.clock.advance(HOUR);
    const worker = otherSession('worker');
    await bench.context.storage.executeSql(`update intent_project set lock_holder = null`);
    await bench.intent.refreshResource(worker, at('one'));
    await work();
    assert.match((await expiry())?.note ?? '', /in use by worker/);
    bench.clock.advance(6 * 60);
    await work();
    assert.equal(await project(), null);
  });

  it('is taken up again after a crash in the middle', async () => {
    for (const id of ['one', 'two']) await bench.create(id);
    await end({ ttl: '1h', onExpiryAction: 'DELETE' });
    bench.clock.advance(HOUR);
    const dying = bench.restart({
      beforeStep: (step, operation) =>
        step === 'recordOutcome' && operation !== undefined
          ? Promise.reject(new Error('power cut'))
          : Promise.resolve(),
    });
    const other = createUpkeep(bench.context, dying, noPost);
    const [due] = await other.due();
    await other.jobs[0]?.run({ project: due?.project ?? '' });
    assert.equal(bench.cloud.objects.size, 0);
    const fresh = bench.restart();
    upkeep = createUpkeep(bench.context, fresh, noPost);
    assert.deepEqual(await upkeep.due(), []);
    bench.clock.advance(2 * HOUR);
    await fresh.recover();
    await work();
    await fresh.close();
    assert.equal(await project(), null);
  });

  it('can be had at once: a project is deleted with its resources', async () => {
    await bench.create('one');
    const assistant = { ...bench.request, origin: { ...bench.request.origin, via: 'MCP' as const } };
    const record = await destroyProject(bench.context, assistant, bench.project);
    assert.equal(record.state, 'DISABLED');
    await assertRefused('CONFLICT', bench.create('two'), /disabled/);
    await work();
    assert.equal(await project(), null);
    assert.equal(bench.cloud.objects.size, 0);
  });

  it('that destroys is set by who may destroy, and by no assistant', async () => {
    const grants = { root: ['INTENT_PROJECT_UPDATE', 'INTENT_PROJECT_DELETE'] } as const;
    const editor = requestOf('editor', grants);
    const input = { ttl: '1h', onExpiryAction: 'DELETE' } as const;
    await assertRefused('FORBIDDEN', end(input, editor), /INTENT_RESOURCE_DELETE/);
    const assistant = { ...bench.request, origin: { ...bench.request.origin, via: 'MCP' as const } };
    await assertRefused('FORBIDDEN', end(input, assistant), /assistant/);
    await end({ confirmation: 'PERSON' });
    await assertRefused('FORBIDDEN', end(input), /signed-in person/);
    await assertRefused('FORBIDDEN', destroyProject(bench.context, editor, bench.project), /signed-in person/);
    await end({ ttl: '1h' }, editor);
    await deleteProject(bench.context, bench.request, bench.project, { keepResources: false });
    assert.equal(await expiry(), null);
  });
});
