import assert from 'node:assert/strict';

import { AppError } from '../shared/errors.ts';
import type { DomainContext } from '../domain/context.ts';
import { unknown } from '../providers/index.ts';
import { startSweeping } from './journal/start-sweeping.ts';
import { createIntent } from './index.ts';
import { type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';
import { aValue } from '../testing/schemas.ts';
import type { FaultAnswer } from '../testing/fake-cloud.ts';
import { defaultLimits } from './engine.ts';
import { LateAnswers } from './journal/late-answers.ts';
import { RunningOperations } from './journal/running-operations.ts';

const made = { id: 'id-one', name: 'one', size: null, password: null, pin: null };

describe('what a provider answers', () => {
  let bench: TestIntent;
  const at = (resourceID = 'one') => ({ intentProject: bench.project, resourceID });
  const resource = () => bench.intent.findResource(bench.request, at());
  const answering = (call: 'plan' | 'apply', answer: FaultAnswer) => {
    bench.cloud.fault = ({ name }) => Promise.resolve(name === call ? answer : undefined);
  };

  beforeEach(async () => {
    bench = await testIntent();
  });

  it('must plan what was asked, or nothing is done', async () => {
    answering('plan', { state: aValue({ ...made, id: unknown, name: 'other' }) });
    await assertRefused(
      'PROVIDER_FAILED',
      bench.create('one'),
      /mistake of the provider:\n- name: .*not the configured one/,
    );
    assert.ok(!bench.cloud.calls.includes('apply'));
  });

  it('may plan otherwise when it declared the old type system', async () => {
    answering('plan', { state: aValue({ ...made, id: unknown, name: 'ONE' }), legacy: true });
    assert.equal((await bench.create('one')).status, 'FINISHED');
  });

  it('must make what was planned, or what it made is not trusted', async () => {
    answering('apply', { state: aValue({ ...made, name: 'other' }) });
    await assertRefused('PROVIDER_FAILED', bench.create('one'), /name: .*not the planned one/);
    assert.equal((await resource())?.condition, 'TAINTED');
  });

  it('must leave nothing unknown; what is known is kept', async () => {
    answering('apply', { state: aValue({ ...made, size: unknown }), legacy: true });
    await assertRefused('PROVIDER_FAILED', bench.create('one'), /size: .*left a value unknown/);
    assert.deepEqual((await resource())?.state, made);
  });

  it('cannot be success without an object', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    answering('apply', { state: null });
    const config = { name: 'one', size: 2 };
    await assertRefused(
      'PROVIDER_FAILED',
      bench.intent.updateResource(bench.request, { ...at(), config }),
      /no object/,
    );
    assert.deepEqual((await resource())?.state, { ...made, size: 1 });
    assert.equal((await resource())?.condition, 'INDETERMINATE');
  });

  it('cannot be another object than the one that was changed', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    answering('apply', { state: aValue({ ...made, id: 'other', size: 2 }) });
    const config = { name: 'one', size: 2 };
    await assertRefused('PROVIDER_FAILED', bench.intent.updateResource(bench.request, { ...at(), config }), /id: /);
    assert.deepEqual((await resource())?.state, { ...made, size: 1 });
    assert.equal((await resource())?.condition, 'INDETERMINATE');
  });

  it('that says nothing of an object that it was to make leaves a record of the doubt', async () => {
    answering('apply', { state: null });
    await assertRefused('PROVIDER_FAILED', bench.create('one'), /no object/);
    assert.equal((await resource())?.condition, 'INDETERMINATE');
  });

  it('is upgraded where another program wrote the state', async () => {
    await bench.create('one');
    bench.cloud.sha256 = 'e'.repeat(64);
    assert.equal((await bench.intent.refreshResource(bench.request, at())).outcome, 'refreshed');
    assert.deepEqual(bench.cloud.calls.slice(-2), ['upgrade', 'read']);
    bench.cloud.fault = ({ name }) =>
      Promise.resolve(
        name === 'upgrade'
          ? { problems: [{ severity: 'error', summary: 'too old', detail: '', path: [] }] }
          : undefined,
      );
    bench.cloud.sha256 = 'd'.repeat(64);
    await assertRefused('PROVIDER_REFUSED', bench.intent.refreshResource(bench.request, at()), /too old/);
  });

  it('is cut and cleaned before it is kept', async () => {
    const problems = Array.from({ length: 60 }, (_, n) => ({
      severity: 'error' as const, summary: `bad ${n}\u202e`, detail: 'x'.repeat(3_000), path: [],
    })); // prettier-ignore
    answering('plan', { problems });
    await assertRefused('PROVIDER_REFUSED', bench.create('one'));
    const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
    const diagnostics = operations[0]?.diagnostics ?? [];
    assert.equal(diagnostics.length, 51);
    assert.equal(diagnostics[50]?.summary, '10 more were left out');
    assert.equal(diagnostics[0]?.summary, 'bad 0\ufffd');
    assert.ok((diagnostics[0]?.detail.length ?? 0) < 2_100);
  });

  it('is recorded when the database comes back', async () => {
    const { storage } = bench.context;
    let failures = 2;
    const context: DomainContext = {
      ...bench.context,
      storage: {
        ...storage,
        transaction: (work, options) => {
          if (!bench.cloud.calls.includes('apply') || failures === 0) return storage.transaction(work, options);
          failures -= 1;
          return Promise.reject(new AppError('UNAVAILABLE', 'the database is away'));
        },
      },
    };
    const intent = createIntent(context);
    const input = { ...at(), provider: 'acme/fake', type: 'fake_thing', config: { name: 'one' } };
    assert.equal((await intent.createResource(bench.request, input)).status, 'FINISHED');
    assert.deepEqual((await resource())?.state, made);
  });

  it('of a server that is only slow is still recorded, unless somebody resumed', async () => {
    const gate = Promise.withResolvers<void>();
    bench.cloud.fault = async ({ name }) => {
      if (name === 'apply') await gate.promise;
      return undefined;
    };
    const running = await bench.create('one', { name: 'one' }, 0);
    while (!bench.cloud.calls.includes('apply')) await new Promise((resolve) => setTimeout(resolve, 5));
    bench.clock.advance(60);
    const kind = 'postgres' as const;
    const domain: DomainContext = { ...bench.context, storage: { ...bench.context.storage, kind } };
    const other = {
      domain,
      limits: defaultLimits,
      running: new RunningOperations(domain, defaultLimits),
      late: new LateAnswers(),
      beforeStep: () => Promise.resolve(),
    };
    await (await startSweeping(other)).stop();
    const find = () => bench.intent.findOperation(bench.request, { intentProject: bench.project, id: running.id });
    assert.equal((await find())?.status, 'INTERRUPTED');
    assert.equal((await resource())?.condition, 'INDETERMINATE');
    gate.resolve();
    await bench.intent.close();
    assert.equal((await find())?.status, 'FINISHED');
    assert.equal((await resource())?.condition, 'OK');
  });
});
