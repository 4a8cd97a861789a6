import assert from 'node:assert/strict';

import { findProjectPolicies } from '../../storage/policies.ts';
import { makeSpaces, requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { createProject, updateProject } from '../projects/index.ts';
import { updateSpace } from '../spaces/index.ts';
import { attachPolicy, createPolicy, detachPolicy, listAttachments, updatePolicy } from './index.ts';

const body = 'package spacelift';

describe('policies that are attached by label', () => {
  let domain: TestDomain;
  beforeEach(async () => {
    domain = await testDomain();
    await makeSpaces(domain, { shop: 'root' }, true);
    await makeSpaces(domain, { till: 'shop' }, true);
    await makeSpaces(domain, { vault: 'shop' }, false);
  });
  const policy = (name: string, labels: string[], space = 'root', more: object = {}) =>
    createPolicy(domain.context, domain.admin, { name, body, type: 'INTENT', labels, space, ...more });
  const project = async (name: string, space: string, labels: string[] = []) =>
    (await createProject(domain.context, domain.admin, { name, space, labels })).id;
  const judging = async (id: string) =>
    (await domain.context.storage.read((db) => findProjectPolicies(db, id))).map(({ name }) => name);

  it('judge the projects that have the label, and with * all of them', async () => {
    await policy('Paid', ['autoattach:prod', 'other']);
    await policy('All', ['autoattach:*']);
    await policy('Not', ['prod', 'autoattach:']);
    assert.deepEqual(await judging(await project('one', 'root', ['prod'])), ['All', 'Paid']);
    assert.deepEqual(await judging(await project('two', 'root', ['*', 'production'])), ['All']);
  });

  it('reach the spaces below that inherit, hop by hop, and no others', async () => {
    await policy('From root', ['autoattach:*']);
    await policy('From shop', ['autoattach:*'], 'shop');
    await policy('From till', ['autoattach:*'], 'till');
    assert.deepEqual(await judging(await project('top', 'root')), ['From root']);
    assert.deepEqual(await judging(await project('middle', 'shop')), ['From root', 'From shop']);
    assert.deepEqual(await judging(await project('low', 'till')), ['From root', 'From shop', 'From till']);
    const closed = await project('closed', 'vault');
    assert.deepEqual(await judging(closed), []);
    const cut = { name: 'shop', description: '', parentSpace: 'root', inheritEntities: false };
    await updateSpace(domain.context, domain.admin, 'shop', cut);
    assert.deepEqual(await judging('low'), ['From shop', 'From till']);
  });

  it('judge once when they are attached by hand too, and not when they are switched off or of another type', async () => {
    const { id } = await policy('Twice', ['autoattach:*']);
    await policy('Login', ['autoattach:*'], 'root', { type: 'LOGIN' });
    await policy('Off', ['autoattach:*'], 'root', { enabled: false });
    const one = await project('one', 'root');
    await attachPolicy(domain.context, domain.admin, { policy: id, project: one });
    assert.deepEqual(await judging(one), ['Twice']);
    const shown = await listAttachments(domain.context, { project: one });
    assert.deepEqual(
      shown.map(({ policyName, isAutoattached }) => [policyName, isAutoattached]),
      [
        ['Twice', false],
        ['Off', true],
      ],
    );
  });

  it('are shown on both sides, and cannot be detached', async () => {
    const { id } = await policy('Paid', ['autoattach:prod']);
    const one = await project('one', 'till', ['prod']);
    await project('two', 'till', ['dev']);
    const [shown, ...more] = await listAttachments(domain.context, { policy: id });
    assert.deepEqual(more, []);
    assert.deepEqual([shown?.intentProject, shown?.isAutoattached], [one, true]);
    assert.deepEqual(await listAttachments(domain.context, { project: one }), [shown]);
    await assertRefused('CONFLICT', detachPolicy(domain.context, domain.admin, shown?.id ?? ''), /label/);
    await updatePolicy(domain.context, domain.admin, id, { name: 'Paid', body, labels: [] });
    assert.deepEqual(await judging(one), []);
  });

  it('are not shed by a label or a move without the right to detach them', async () => {
    await policy('Paid', ['autoattach:prod']);
    const one = await project('one', 'till', ['prod']);
    const editor = requestOf('editor', { till: ['INTENT_PROJECT_UPDATE', 'SPACE_READ'] });
    const shed = { labels: ['dev'] };
    await assertRefused('FORBIDDEN', updateProject(domain.context, editor, one, shed), /^unauthorized: .*Paid/);
    await assertRefused('FORBIDDEN', updateProject(domain.context, editor, one, { space: 'vault' }), /Paid/);
    assert.deepEqual(await judging(one), ['Paid']);
    await updateProject(domain.context, editor, one, { labels: ['prod', 'more'] });
    const owner = requestOf('owner', { till: ['INTENT_PROJECT_UPDATE', 'INTENT_PROJECT_POLICY_DETACH'] });
    await updateProject(domain.context, owner, one, shed);
    assert.deepEqual(await judging(one), []);
  });
});
