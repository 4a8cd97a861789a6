import assert from 'node:assert/strict';

import { actions } from '../../../generated/enums.ts';
import type { Request } from '../context.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { insertOperation } from '../../storage/operations.ts';
import { anOperation } from '../../testing/storage-rows.ts';
import { activateProject, awaitLock, findProject, lockOf, lockQueueOf, parseLockWait, unlockProject } from './index.ts';

const LONG_MS = 60_000; // longer than any test: whoever waits is served, or the test fails by its own limit

describe('the line for a project', () => {
  let domain: TestDomain;
  const [ann, ben, cyd] = ['ann', 'ben', 'cyd'].map((name) => requestOf(name, { root: actions })) as [
    Request,
    Request,
    Request,
  ];
  beforeEach(async () => {
    domain = await testDomain();
  });

  const wait = (request: Request, waitMs = LONG_MS) =>
    awaitLock(domain.context, request, { project: 'starter', waitMs });
  const line = async (request = ann) => lockQueueOf(domain.context, request.caller, 'starter');
  const names = async () => (await line()).map(({ name }) => name);
  const inLine = async (...expected: string[]): Promise<void> => {
    while ((await names()).join() !== expected.join()) await new Promise((done) => setTimeout(done, 5));
  };
  const holder = async () => {
    const project = await findProject(domain.context, ann, 'starter');
    assert.ok(project);
    return lockOf(domain.context, ann.caller, project);
  };
  const trail = async (action: string): Promise<unknown[]> => {
    const sql = `select actor, data->>'holder' as holder from audit_entry where action = $1`;
    return (await domain.context.storage.executeSql(sql, [action])).rows;
  };

  it('is not entered for a free project, or by its holder', async () => {
    assert.equal((await wait(ann)).isNew, true);
    assert.equal((await wait(ann)).isNew, false);
    assert.deepEqual(await line(), []);
  });

  it('is served in the order in which they came, when the holder lets go', async () => {
    await activateProject(domain.context, ann, 'starter');
    const served: string[] = [];
    const one = wait(ben).then(() => served.push('ben'));
    await inLine('ben');
    const two = wait(cyd).then(() => served.push('cyd'));
    await inLine('ben', 'cyd');
    assert.deepEqual(
      (await line(cyd)).map(({ position, mine }) => [position, mine]),
      [
        [1, false],
        [2, true],
      ],
    );
    await unlockProject(domain.context, ann, 'starter');
    await one;
    assert.deepEqual(await names(), ['cyd']);
    await unlockProject(domain.context, ben, 'starter');
    await two;
    assert.deepEqual(served, ['ben', 'cyd']);
    assert.deepEqual(await line(), []);
  });

  it('goes before who does not wait', async () => {
    await activateProject(domain.context, ann, 'starter');
    const waiting = wait(ben);
    await inLine('ben');
    // Let go as by a server that could tell nobody.
    await domain.context.storage.executeSql('update intent_project set lock_holder = null, lock_until = null');
    await assertRefused('PROJECT_LOCKED', activateProject(domain.context, cyd, 'starter'));
    await waiting;
    assert.equal((await holder())?.holder, 'ben');
  });

  it('keeps a place for a minute after a call in vain, and tells which it is', async () => {
    await activateProject(domain.context, ann, 'starter');
    const refused = await assertRefused('PROJECT_LOCKED', wait(ben, 1), /in use by ann .* number 1 of 1 .* call again/);
    assert.deepEqual([refused.details['position'], refused.details['waiting']], [1, 1]);
    domain.clock.advance(50);
    await assertRefused('PROJECT_LOCKED', wait(cyd, 1), /number 2 of 2/);
    await assertRefused('PROJECT_LOCKED', wait(ben, 1), /number 1 of 2/);
    domain.clock.advance(59);
    assert.deepEqual(await names(), ['ben', 'cyd']);
    domain.clock.advance(1);
    assert.deepEqual(await names(), []);
  });

  it('does not hold a turn open for who waits no longer', async () => {
    await activateProject(domain.context, ann, 'starter');
    await assertRefused('PROJECT_LOCKED', wait(ben, 1));
    await unlockProject(domain.context, ann, 'starter');
    await activateProject(domain.context, cyd, 'starter');
    assert.equal((await holder())?.holder, 'cyd');
  });

  it('takes a project from a session that did not select it and is idle, and says from whom', async () => {
    await wait(ann);
    assert.equal((await holder())?.selected, false);
    domain.clock.advance(29);
    await assertRefused('PROJECT_LOCKED', wait(ben, 1));
    domain.clock.advance(1);
    await wait(ben);
    assert.deepEqual(await trail('intent-project.take-over'), [{ actor: 'api_key::ben', holder: 'ann' }]);
  });

  it('waits for a session that selected the project until its time is over', async () => {
    await activateProject(domain.context, ann, 'starter');
    assert.equal((await holder())?.selected, true);
    await wait(ann);
    domain.clock.advance(299);
    await assertRefused('PROJECT_LOCKED', wait(ben, 1));
    domain.clock.advance(1);
    await wait(ben);
    assert.deepEqual(await trail('intent-project.take-over'), []);
  });

  it('takes nothing from a session whose operation is under way', async () => {
    const { row } = await wait(ann);
    const leaseUntil = new Date(domain.clock.now().getTime() + 600_000);
    const operation = anOperation({ project: 'starter', status: 'APPLYING', fence: row.fence, leaseUntil });
    await domain.context.storage.read((db) => insertOperation(db, operation, { step: 'test', at: leaseUntil }));
    domain.clock.advance(60);
    await assertRefused('PROJECT_LOCKED', wait(ben, 1));
  });

  it('has an end', async () => {
    await activateProject(domain.context, ann, 'starter');
    for (let at = 0; at < 20; at += 1) await assertRefused('PROJECT_LOCKED', wait(requestOf(`w${at}`), 1));
    await assertRefused('LIMIT_EXCEEDED', wait(ben, 1), /20 sessions wait/);
    await assertRefused('PROJECT_LOCKED', wait(requestOf('w3'), 1), /number 4 of 20/);
  });

  it('is entered for 50 seconds at most, and for a project that is there', async () => {
    assert.equal(parseLockWait(undefined), 0);
    assert.equal(parseLockWait(50), 50_000);
    assert.throws(() => parseLockWait(51), /lockWait: must be 0 to 50/);
    assert.throws(() => parseLockWait(-1), /lockWait/);
    await assertRefused('NO_SUCH', awaitLock(domain.context, ann, { project: 'none', waitMs: 1 }));
  });
});
