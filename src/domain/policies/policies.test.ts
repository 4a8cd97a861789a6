import assert from 'node:assert/strict';

import type { PolicyEngine } from '../../policy/index.ts';
import { AppError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { makeProject, makeSpaces, requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { findProjectPolicies } from '../../storage/policies.ts';
import { findSample, listSamples, recordSample } from '../evaluation/index.ts';
import { updateProject } from '../projects/index.ts';
import { updateSpace } from '../spaces/index.ts';
import {
  attachPolicy,
  createIntentPolicy,
  createPolicy,
  deletePolicy,
  detachPolicy,
  findPolicy,
  listAttachments,
  listPolicies,
  searchPolicies,
  simulatePolicy,
  spaceOfAttachment,
  updateIntentPolicy,
  updatePolicy,
} from './index.ts';

const body = 'package spacelift';

const answering = (result: Json): PolicyEngine => ({ evaluate: async () => result, close: async () => {} });
const failing = (reason: string): PolicyEngine => ({
  evaluate: async () => {
    throw new AppError('UNAVAILABLE', 'it fails', { details: { reason } });
  },
  close: async () => {},
});

describe('policies', () => {
  let domain: TestDomain;
  beforeEach(async () => {
    domain = await testDomain();
  });
  const make = (name: string, changes: object = {}) =>
    createIntentPolicy(domain.context, domain.admin, { name, body, ...changes });

  it('are compiled before they are saved, and what does not compile is not', async () => {
    const { context, admin } = domain;
    const policy = await createPolicy(context, admin, { name: 'Mine', body, type: 'INTENT' });
    assert.deepEqual([policy.engineType, policy.enabled, policy.space], ['REGO_V0', true, 'root']);
    await attachPolicy(context, admin, { policy: policy.id, project: await makeProject(domain, 'p') });
    const [row] = await context.storage.read((db) => findProjectPolicies(db, 'p'));
    assert.equal(row?.wasm?.toString(), Buffer.from(`wasm of ${body}`).toString());
    await assertRefused('BAD_INPUT', make('Broken', { body: 'syntax error' }), /1:1/);
    assert.equal((await searchPolicies(context, admin, { fullTextSearch: 'broken' })).edges.length, 0);
  });

  it('for Intent are not saved with a rule of the wrong kind, which would deny for ever', async () => {
    const { context, admin } = domain;
    const saves = (result: Json, type: 'INTENT' | 'PLAN' = 'INTENT') =>
      createPolicy({ ...context, policyEngine: answering(result) }, admin, { name: newUlid(), body, type });
    for (const [result, message] of [
      [{ allow: 5 }, /^body: the rule `allow` must be a set of messages, such as `allow contains "why"/],
      [{ allow: true }, /`allow` must be a set/],
      [{ deny: [1] }, /`deny` must be a set/],
      [{ deny: { a: 'b' } }, /`deny` must be a set/],
      [{ sample: 'yes' }, /`sample` must be true or false/],
    ] as const) {
      await assertRefused('BAD_INPUT', saves(result), message);
    }
    for (const result of [{}, { allow: [], deny: ['why'] }, { deny: [{ msg: 'why' }], sample: true }, { other: 5 }])
      await saves(result);
    await saves({ allow: 5 }, 'PLAN');
    const policy = await make('Good');
    const worse = updatePolicy({ ...context, policyEngine: answering({ allow: 5 }) }, admin, policy.id, {
      name: 'Good',
      body: `${body}\nallow := 5`,
    });
    await assertRefused('BAD_INPUT', worse, /`allow` must be a set/);
    const slow = { ...context, policyEngine: failing('TIMEOUT') };
    await createPolicy(slow, admin, { name: 'Slow', body, type: 'INTENT' });
  });

  it('for Intent are not saved without a rule that is read: a slip in its name would leave everything to reviewers', async () => {
    const { context, admin } = domain;
    const compiling = (...rules: string[]) => ({
      ...context,
      policyCompiler: {
        available: true,
        compile: async ({ body: text }: { body: string }) => ({
          wasm: Buffer.from(text),
          sha256: newUlid(),
          rules,
          title: '',
          description: '',
        }),
      },
    });
    const save = (rules: string[], type: 'INTENT' | 'PLAN' = 'INTENT') =>
      createPolicy(compiling(...rules), admin, { name: newUlid(), body, type });
    await assertRefused('BAD_INPUT', save(['denny']), /^body: .* one of deny, allow, sample; it has denny$/);
    for (const rule of ['deny', 'allow', 'sample']) await save(['helper', rule]);
    await save(['denny'], 'PLAN');
    const { id } = await make('Good');
    const worse = updateIntentPolicy(compiling('alow'), admin, id, { body: `${body} ` });
    await assertRefused('BAD_INPUT', worse, /it has alow$/);
    await context.storage.executeSql(`update policy set rules = '{alow}' where true`);
    await updateIntentPolicy(compiling(), admin, id, { enabled: false });
  });

  it('for Intent that can neither allow nor deny have a warning', async () => {
    const { context, admin } = domain;
    const { id } = await make('Mine');
    const warnings = async (rules: string, type = 'INTENT') => {
      await context.storage.executeSql(`update policy set rules = '{${rules}}', type = '${type}' where id = '${id}'`);
      return (await findPolicy(context, admin, id))?.warnings;
    };
    assert.deepEqual(await warnings('helper, sample'), [
      'it has no rule `allow` or `deny`: what no other policy decides waits for a review, or is refused where there can be none; its rules are `helper`, `sample`',
    ]);
    for (const rules of ['allow, sample', 'deny, helper']) assert.deepEqual(await warnings(rules), []);
    assert.deepEqual(await warnings('warn', 'PLAN'), []);
  });

  it('have names of their own and live in a space that is there', async () => {
    await make('Mine');
    await assertRefused('CONFLICT', make('Mine'), /named "Mine" already/);
    await assertRefused('BAD_INPUT', make('Other', { space: 'nowhere' }), /space.*nowhere/);
    await assertRefused('BAD_INPUT', make('  '), /name/);
  });

  it('change in what is given and are compiled again when body or dialect changes', async () => {
    const { context, admin, clock } = domain;
    const policy = await make('Mine', { description: 'first' });
    await make('Taken');
    clock.advance(10);
    const renamed = await updateIntentPolicy(context, admin, policy.id, { name: 'Renamed', enabled: false });
    assert.deepEqual(
      [renamed.name, renamed.description, renamed.body, renamed.enabled],
      ['Renamed', 'first', body, false],
    );
    assert.equal(renamed.updatedAt, policy.updatedAt + 10);
    await assertRefused('CONFLICT', updateIntentPolicy(context, admin, policy.id, { name: 'Taken' }));
    await assertRefused('BAD_INPUT', updateIntentPolicy(context, admin, policy.id, { body: 'syntax error' }));
    await assertRefused('NO_SUCH', updateIntentPolicy(context, admin, 'unknown', { name: 'x' }));
    assert.equal((await findPolicy(context, admin, policy.id))?.body, body);
    const replaced = await updatePolicy(context, admin, policy.id, { name: 'R', body, labels: null });
    assert.deepEqual([replaced.labels, replaced.description], [[], 'first']);
  });

  it('of other types are not touched by the Intent mutations and are not attached', async () => {
    const { context, admin } = domain;
    const plan = await createPolicy(context, admin, { name: 'Plan', body, type: 'PLAN' });
    await assertRefused(
      'BAD_INPUT',
      updateIntentPolicy(context, admin, plan.id, { name: 'x' }),
      /type PLAN, not INTENT/,
    );
    await assertRefused(
      'BAD_INPUT',
      attachPolicy(context, admin, { policy: plan.id, project: 'starter' }),
      /type INTENT/,
    );
  });

  it('are listed and searched in the spaces that the caller may read', async () => {
    await makeSpaces(domain, { team: 'root' });
    await make('Hidden', { space: 'team' });
    const reader = requestOf('reader', { root: ['SPACE_READ'] });
    const names = async (narrow = {}) => (await listPolicies(domain.context, reader, narrow)).map(({ name }) => name);
    assert.equal((await names()).includes('Hidden'), false);
    assert.equal((await names({ type: 'PLAN' })).length, 0);
    assert.deepEqual((await searchPolicies(domain.context, reader, { fullTextSearch: 'hidden' })).edges, []);
  });

  describe('attached to projects', () => {
    it('are there once, and gone when detached or deleted', async () => {
      const { context, admin } = domain;
      const [policy, project] = [await make('Mine'), await makeProject(domain, 'p')];
      const attached = await attachPolicy(context, admin, { policy: policy.id, project });
      assert.deepEqual(await listAttachments(context, { project }), [attached]);
      assert.deepEqual(await listAttachments(context, { policy: policy.id }), [attached]);
      assert.equal(await spaceOfAttachment(context, attached.id), 'root');
      await assertRefused(
        'CONFLICT',
        attachPolicy(context, admin, { policy: policy.id, project }),
        /attached .* already/,
      );
      await assertRefused('NO_SUCH', attachPolicy(context, admin, { policy: policy.id, project: 'nowhere' }));
      await assertRefused('NO_SUCH', attachPolicy(context, admin, { policy: 'unknown', project }));
      assert.deepEqual(await detachPolicy(context, admin, attached.id), attached);
      await assertRefused('NO_SUCH', detachPolicy(context, admin, attached.id));
      await attachPolicy(context, admin, { policy: policy.id, project });
      await deletePolicy(context, admin, policy.id);
      assert.deepEqual(await listAttachments(context, { project }), []);
      assert.equal(await findPolicy(context, admin, policy.id), null);
    });

    it('must be within reach: of the space itself or of one above that it inherits from', async () => {
      const { context, admin } = domain;
      await makeSpaces(domain, { open: 'root', below: 'open' }, true);
      await makeSpaces(domain, { closed: 'root' });
      const spaces = { root: await make('of root'), open: await make('of open', { space: 'open' }) };
      const attach = (policy: { id: string }, project: string) =>
        attachPolicy(context, admin, { policy: policy.id, project });
      const [below, closed] = [await makeProject(domain, 'b', 'below'), await makeProject(domain, 'c', 'closed')];
      await attach(spaces.root, below);
      await attach(spaces.open, below);
      for (const policy of [spaces.root, spaces.open]) {
        await assertRefused('CONFLICT', attach(policy, closed), /cannot be used by project c in space closed/);
      }
      await assertRefused('CONFLICT', attach(spaces.open, 'starter'), /project starter/);
      assert.equal((await listAttachments(context, { project: closed })).length, 0);
    });

    it('stay within reach: a move of either, or of a space between, is refused otherwise', async () => {
      const { context, admin } = domain;
      await makeSpaces(domain, { open: 'root', below: 'open' }, true);
      await makeSpaces(domain, { closed: 'root' });
      const policy = await make('of open', { space: 'open' });
      await attachPolicy(context, admin, { policy: policy.id, project: await makeProject(domain, 'b', 'below') });
      await assertRefused('CONFLICT', updateProject(context, admin, 'b', { space: 'closed' }));
      const moved = { name: 'of open', body, space: 'closed' };
      await assertRefused('CONFLICT', updatePolicy(context, admin, policy.id, moved));
      const cut = { name: 'below', description: '', inheritEntities: false, parentSpace: '' };
      await assertRefused('CONFLICT', updateSpace(context, admin, 'below', cut));
      await updateProject(context, admin, 'b', { space: 'open' });
      await updateSpace(context, admin, 'below', cut);
    });
  });

  describe('sampled', () => {
    const sample = { body, outcome: 'deny', input: { a: 1 }, result: { deny: ['no'] } } as const;

    it('keep the latest hundred of a week, newest first', async () => {
      const { context, admin, clock } = domain;
      const policy = await make('Mine');
      for (let at = 0; at < 103; at += 1) {
        clock.advance(1);
        await context.storage.transaction((db) => recordSample(db, context, { ...sample, policyId: policy.id }));
      }
      const kept = await listSamples(context, admin, policy.id);
      assert.equal(kept.length, 100);
      assert.deepEqual(
        kept.map(({ timestamp }) => timestamp),
        kept.map(({ timestamp }) => timestamp).toSorted((a, b) => b - a),
      );
      const [newest] = kept;
      const shown = await findSample(context, admin, policy.id, newest?.key ?? '');
      assert.deepEqual(shown, { body, input: '{"a":1}', result: '{"deny":["no"]}' });
      assert.equal(await findSample(context, admin, 'another policy', newest?.key ?? ''), null);
      clock.advance(7 * 24 * 3600 + 1);
      assert.deepEqual(await listSamples(context, admin, policy.id), []);
      assert.equal(await findSample(context, admin, policy.id, newest?.key ?? ''), null);
    });
  });

  it('are simulated without being saved', async () => {
    const { context, admin } = domain;
    const simulation = { body, input: '{"a":[1]}', type: 'INTENT' };
    const answer = await simulatePolicy(context, admin, simulation);
    assert.deepEqual(JSON.parse(answer), { policy: `wasm of ${body}`, input: { a: [1] } });
    await assertRefused('BAD_INPUT', simulatePolicy(context, admin, { ...simulation, input: '{' }), /input.*JSON/);
    await assertRefused('BAD_INPUT', simulatePolicy(context, admin, { ...simulation, body: 'syntax error' }));
    const slow = { ...context, policyEngine: failing('TIMEOUT') };
    const refused = simulatePolicy(slow, admin, simulation);
    await assertRefused('BAD_INPUT', refused, /^body: it fails\. When it is asked to decide, that is a denial$/);
    await assertRefused(
      'UNAVAILABLE',
      simulatePolicy({ ...context, policyEngine: failing('BUSY') }, admin, simulation),
    );
  });
});
