import assert from 'node:assert/strict';

import { insertOperation } from '../../storage/operations.ts';
import { findProject as findRow } from '../../storage/projects.ts';
import { saveResource } from '../../storage/resources.ts';
import { makeProject, makeSpaces, requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { anOperation, aResource } from '../../testing/storage-rows.ts';
import {
  activateProject,
  activeProject,
  allowedActions,
  countResources,
  createProject,
  deleteProject,
  disableProject,
  enableProject,
  findProject,
  isSelected,
  listProjects,
  lockOf,
  searchProjects,
  unlockProject,
  updateProject,
} from './index.ts';

const inRoot = { root: ['SPACE_READ', 'INTENT_PROJECT_LOCK'] } as const;
const ann = requestOf('ann', inRoot);
const ben = requestOf('ben', inRoot);

describe('Intent projects', () => {
  let domain: TestDomain;
  beforeEach(async () => {
    domain = await testDomain();
  });
  const fenceOf = async (id: string): Promise<number> =>
    (await domain.context.storage.read((db) => findRow(db, id)))?.fence ?? -1;

  it('are made in a space with an id from their name', async () => {
    const { context, admin } = domain;
    await makeSpaces(domain, { team: 'root' });
    const made = await createProject(context, admin, { name: 'My Project', space: 'team', labels: ['x'] });
    const { id, space, state, confirmation, createdBy } = made;
    assert.deepEqual([id, space, state, confirmation, createdBy], ['my-project', 'team', 'ENABLED', 'TOKEN', 'admin']);
    assert.match((await createProject(context, admin, { name: 'my project' })).id, /^my-project-\w{6}$/);
    await assertRefused('BAD_INPUT', createProject(context, admin, { name: 'x', space: 'nowhere' }), /space.*nowhere/);
    await assertRefused('BAD_INPUT', createProject(context, admin, { name: ' ' }), /name/);
  });

  it('change in what is given, and are switched off and on', async () => {
    const { context, admin } = domain;
    const id = await makeProject(domain, 'mine');
    const changed = await updateProject(context, admin, id, { description: 'new', name: null, confirmation: 'PERSON' });
    assert.deepEqual([changed.name, changed.description, changed.confirmation], ['mine', 'new', 'PERSON']);
    assert.equal((await disableProject(context, admin, id)).state, 'DISABLED');
    assert.equal((await enableProject(context, admin, id)).state, 'ENABLED');
    await assertRefused('NO_SUCH', disableProject(context, admin, 'nowhere'), /no such intentProject/);
    await assertRefused('BAD_INPUT', updateProject(context, admin, id, { space: 'nowhere' }), /space/);
  });

  it('are listed and searched in the spaces that the caller may read', async () => {
    await makeSpaces(domain, { team: 'root' });
    await makeProject(domain, 'Hidden', 'team');
    assert.deepEqual(
      (await listProjects(domain.context, ann)).map(({ id }) => id),
      ['starter'],
    );
    const page = await searchProjects(domain.context, ann, { fullTextSearch: 'hidden' });
    assert.deepEqual(page.edges, []);
    const all = await searchProjects(domain.context, requestOf('both', { ...inRoot, team: ['SPACE_READ'] }), {});
    assert.deepEqual(all.edges.map(({ node }) => node.id).toSorted(), ['hidden', 'starter']);
  });

  describe('locks', () => {
    it('are taken by selecting, shown to everybody, and refused to others by name and time', async () => {
      const { context, clock } = domain;
      const held = await activateProject(context, ann, 'starter');
      const since = Math.floor(clock.now().getTime() / 1000);
      const lock = { holder: 'ann', since, until: since + 300, selected: true };
      assert.deepEqual(lockOf(context, ann.caller, held), { ...lock, mine: true });
      assert.deepEqual(lockOf(context, ben.caller, held), { ...lock, mine: false });
      const refused = await assertRefused(
        'PROJECT_LOCKED',
        activateProject(context, ben, 'starter'),
        /in use by ann until 2026-06-01T12:05/,
      );
      assert.deepEqual(refused.details, { project: 'starter', holder: 'ann', expiresAt: '2026-06-01T12:05:00.000Z' });
      assert.equal(await activeProject(context, ben), null);
    });

    it('end after five minutes without activity, and own use extends them', async () => {
      const { context, clock } = domain;
      await activateProject(context, ann, 'starter');
      clock.advance(240);
      await activateProject(context, ann, 'starter');
      clock.advance(240);
      await assertRefused('PROJECT_LOCKED', activateProject(context, ben, 'starter'));
      clock.advance(60);
      const record = await findProject(context, ben, 'starter');
      assert.equal(record === null ? undefined : lockOf(context, ben.caller, record), null);
      await activateProject(context, ben, 'starter');
      await assertRefused('PROJECT_LOCKED', activateProject(context, ann, 'starter'), /in use by ben/);
    });

    it('count their holders, so that a late one can be told from the present one', async () => {
      const { context, clock } = domain;
      const fences = [await fenceOf('starter')];
      await activateProject(context, ann, 'starter');
      await activateProject(context, ann, 'starter');
      fences.push(await fenceOf('starter'));
      clock.advance(301);
      await activateProject(context, ben, 'starter');
      fences.push(await fenceOf('starter'));
      assert.deepEqual(fences, [0, 1, 2]);
    });

    it('are freed by their holder, or by who has the right to', async () => {
      const { context } = domain;
      await activateProject(context, ann, 'starter');
      await assertRefused(
        'FORBIDDEN',
        unlockProject(context, ben, 'starter'),
        /^unauthorized: .*held by ann.*INTENT_PROJECT_UNLOCK/,
      );
      await unlockProject(context, ann, 'starter');
      await activateProject(context, ben, 'starter');
      const helper = requestOf('helper', { root: ['SPACE_READ', 'INTENT_PROJECT_UNLOCK'] });
      await unlockProject(context, helper, 'starter');
      await unlockProject(context, ann, 'starter');
      await activateProject(context, ann, 'starter');
      await assertRefused('FORBIDDEN', unlockProject(context, ann, 'starter', { force: true }), /with force needs/);
      await assertRefused('NO_SUCH', unlockProject(context, ann, 'nowhere'));
    });

    it('are not taken from an operation at work: what it makes could not be recorded', async () => {
      const { context, admin, clock } = domain;
      await activateProject(context, ann, 'starter');
      const leaseUntil = new Date(clock.now().getTime() + 60_000);
      const operation = anOperation({ status: 'APPLYING', fence: 1, leaseUntil });
      const step = { step: 'applying', at: clock.now() };
      await context.storage.read((db) => insertOperation(db, operation, step));
      const refused = await assertRefused(
        'CONFLICT',
        unlockProject(context, admin, 'starter'),
        /operation .* is at work/,
      );
      assert.equal(refused.details['operation'], operation.id);
      await assertRefused('CONFLICT', unlockProject(context, ann, 'starter'));
      clock.advance(61);
      await unlockProject(context, admin, 'starter');
    });
  });

  it('stay selected by a session until it selects another, and while it may read them', async () => {
    const { context } = domain;
    const other = await makeProject(domain, 'other');
    assert.equal(await activeProject(context, ann), null);
    await activateProject(context, ann, 'starter');
    assert.equal(await isSelected(context, ann.caller, 'starter'), true);
    await unlockProject(context, ann, 'starter');
    assert.equal((await activeProject(context, ann))?.id, 'starter');
    await activateProject(context, ann, other);
    assert.equal((await activeProject(context, ann))?.id, other);
    assert.equal(await activeProject(context, { ...ann, caller: { ...ann.caller, grants: new Map() } }), null);
  });

  it('say what the caller may do in them', () => {
    const { caller } = requestOf('x', { root: ['SPACE_READ', 'INTENT_RESOURCE_CREATE'], other: ['INTENT_STATE_READ'] });
    assert.deepEqual(allowedActions(caller, { space: 'root', id: 'starter' }), ['INTENT_RESOURCE_CREATE']);
  });

  describe('deleting', () => {
    const fence = (number: number) => ({ project: 'mine', fence: number });
    beforeEach(() => makeProject(domain, 'mine'));

    it('is refused with resources, unless they are to be forgotten', async () => {
      const { context, admin } = domain;
      await context.storage.read((db) => saveResource(db, aResource({ project: 'mine' }), fence(0)));
      await assertRefused(
        'CONFLICT',
        deleteProject(context, admin, 'mine', { keepResources: false }),
        /has 1 resources/,
      );
      assert.equal(await countResources(context, 'mine'), 1);
      await deleteProject(context, admin, 'mine', { keepResources: true });
      assert.equal(await findProject(context, admin, 'mine'), null);
    });

    it('is refused while another session works in it', async () => {
      await activateProject(domain.context, ann, 'mine');
      const refused = deleteProject(domain.context, domain.admin, 'mine', { keepResources: false });
      await assertRefused('PROJECT_LOCKED', refused);
    });

    it('is refused while an operation is not at its end, whoever asks', async () => {
      const { context, clock, admin } = domain;
      const step = { step: 'x', at: clock.now() };
      for (const status of ['QUEUED', 'PLANNING', 'APPLYING', 'INTERRUPTED'] as const) {
        const id = await makeProject(domain, `with ${status}`);
        await context.storage.read((db) => insertOperation(db, anOperation({ project: id, status }), step));
        const refused = deleteProject(context, admin, id, { keepResources: true });
        await assertRefused('CONFLICT', refused, /operation .* is not at its end/);
      }
    });

    it('leaves no history to a later project of the same name', async () => {
      const { context, clock, admin } = domain;
      const finished = anOperation({ project: 'mine', status: 'FINISHED', finishedAt: clock.now() });
      await context.storage.read((db) => insertOperation(db, finished, { step: 'x', at: clock.now() }));
      await deleteProject(context, admin, 'mine', { keepResources: false });
      assert.notEqual(await makeProject(domain, 'mine'), 'mine');
    });

    it('lets go of the sessions that had selected it', async () => {
      const { context, admin } = domain;
      await activateProject(context, ann, 'mine');
      await unlockProject(context, ann, 'mine');
      await deleteProject(context, admin, 'mine', { keepResources: false });
      assert.equal(await activeProject(context, ann), null);
    });
  });
});
