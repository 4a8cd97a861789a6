import assert from 'node:assert/strict';

import { findOperations, insertOperations } from '../storage/operations.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';
import { anOperation } from '../testing/storage-rows.ts';
import { packRecord } from './journal/stored.ts';

const SECRETS = { name: 'a', password: 'hunter22', pin: '9876' };

describe('what is kept of an operation', () => {
  let bench: TestIntent;
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const receiptsOf = async (...ids: string[]) => bench.intent.receiptsOf(bench.project, ids);
  const latest = async () =>
    (await bench.intent.listOperations(bench.request, { intentProject: bench.project })).operations[0];
  const entries = async () => (await bench.intent.operationLog(bench.request, { intentProject: bench.project })).lines;

  beforeEach(async () => {
    bench = await testIntent();
  });

  it('has the arguments with secrets taken out, at its end as well as on its way', async () => {
    await bench.addPolicy('silent', () => ({}));
    const waiting = await bench.create('one', SECRETS);
    const shown = { name: 'a', password: null, pin: null };
    assert.deepEqual(
      [waiting.status, waiting.config, waiting.redacted],
      ['PENDING_REVIEW', shown, ['password', 'pin']],
    );
    const subject = { intentProject: bench.project, operationID: waiting.id };
    await bench.intent.reviewOperation(bench.request, { ...subject, decision: 'ALLOW' });
    const done = await bench.intent.resumeOperation(bench.request, subject);
    assert.deepEqual([done.status, done.config, done.redacted], ['FINISHED', shown, ['password', 'pin']]);
  });

  it('has the receipt of a deletion that was denied, and of the one that was not', async () => {
    await bench.create('one');
    let denies = true;
    await bench.addPolicy('keep', () => (denies ? { deny: ['keep it'] } : { allow: ['let it go'] }));
    await assertRefused('POLICY_DENIED', bench.intent.deleteResource(bench.request, at('one')));
    const denied = await latest();
    denies = false;
    const { confirmation, id } = await bench.intent.deleteResource(bench.request, at('one'));
    await bench.intent.deleteResource(bench.request, { ...at('one'), confirmation: confirmation?.token ?? '' });
    const told = (await receiptsOf(denied?.id ?? '', id)).flat();
    assert.deepEqual(
      told.map(({ action, outcome, actor, decision }) => [action, outcome, actor, decision]),
      [
        ['intent-resource.delete', 'denied', 'api_key::admin', { outcome: 'DENIED', allow: [], deny: ['keep it'], policies: ['keep'] }],
        ['intent-resource.delete', 'deleted', 'api_key::admin', { outcome: 'ALLOWED', allow: ['let it go'], deny: [], policies: ['keep'] }],
      ],
    ); // prettier-ignore
    for (const { before } of told) assert.match(String(before), /^[0-9a-f]{64}$/);
  });

  it('has who reviewed it and who called it off', async () => {
    await bench.addPolicy('silent', () => ({}));
    const { id } = await bench.create('one');
    const subject = { intentProject: bench.project, operationID: id };
    await bench.intent.reviewOperation(otherSession('reviewer'), { ...subject, decision: 'ALLOW' });
    await bench.intent.cancelOperation(bench.request, subject);
    const [receipts = []] = await receiptsOf(id);
    assert.deepEqual(
      receipts.map(({ action, outcome, actor }) => [action, outcome, actor]),
      [
        ['intent-resource-operation.review', 'allow', 'api_key::reviewer'],
        ['intent-resource-operation.cancel', null, 'api_key::admin'],
      ],
    );
  });

  it('is found for many operations at once, each with its own, and in its own project only', async () => {
    const made = [await bench.create('one'), await bench.create('two')];
    const found = await receiptsOf('none', ...made.map(({ id }) => id));
    assert.deepEqual(
      found.map((receipts) => receipts.map(({ outcome }) => outcome)),
      [[], ['created'], ['created']],
    );
    assert.deepEqual(
      await bench.intent.receiptsOf(
        'another-project',
        made.map(({ id }) => id),
      ),
      [[], []],
    );
  });

  it('of old, with no record of what is secret, shows nothing of the arguments by itself', async () => {
    const request = packRecord({ config: SECRETS });
    const row = anOperation({
      project: bench.project,
      type: 'fake_thing',
      provider: 'acme/fake',
      version: '1.2.3',
      status: 'FINISHED',
      request,
    });
    await bench.context.storage.transaction((db) => insertOperations(db, [{ row, journal: [] }]));
    const old = await latest();
    assert.deepEqual([old?.config, old?.redacted], [null, ['config']]);
    assert.match(
      await entries(),
      /"config":\{"name":"a","password":null,"pin":null\}.*"redacted":\["password","pin"\]/,
    );
  });

  it('that was never found to fit shows nothing of the arguments', async () => {
    const changes = [
      { kind: 'CREATE', resourceID: 'one', provider: 'acme/fake', type: 'fake_thing', config: { name: 'a', pasword: 'hunter22' } },
    ] as const; // prettier-ignore
    await assertRefused(
      'BAD_INPUT',
      bench.intent.createChangeSet(bench.request, { intentProject: bench.project, changes }),
    );
    const [row] = await bench.context.storage.read((db) =>
      findOperations(db, { project: bench.project }, { limit: 1 }),
    );
    const failed = await latest();
    assert.equal(row?.status, 'FAILED');
    assert.deepEqual([failed?.config, failed?.redacted], [null, ['config']]);
  });
});
