import assert from 'node:assert/strict';

import { isJsonObject } from '../shared/json.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { providerCrash } from '../testing/fake-cloud.ts';
import { assertRefused } from '../testing/refusals.ts';
import { aValue } from '../testing/schemas.ts';
import type { Intent, IntentOptions, OperationView } from './index.ts';

const createSteps = ['planCreate', 'judgeChange', 'awaitConfirmation', 'applyChange', 'recordOutcome'];
const updateSteps = ['planUpdate', 'judgeChange', 'awaitConfirmation', 'applyChange', 'recordOutcome'];
const deleteSteps = ['planDelete', 'requireSamePlan', 'judgeChange', 'applyChange', 'recordOutcome'];

/** Stops the engine before this step, once. */
function stopBefore(step: string): IntentOptions & { armed: boolean } {
  const switchable = {
    armed: true,
    beforeStep: (next: string): Promise<void> => {
      if (!switchable.armed || next !== step) return Promise.resolve();
      switchable.armed = false;
      return Promise.reject(new Error(`power cut before ${step}`));
    },
  };
  return switchable;
}

describe('interruptions', () => {
  const at = (bench: TestIntent, resourceID = 'one') => ({ intentProject: bench.project, resourceID });
  const newest = async (bench: TestIntent, intent: Intent): Promise<OperationView> => {
    const [operation] = (await intent.listOperations(bench.request, { intentProject: bench.project })).operations;
    assert.ok(operation !== undefined);
    return operation;
  };
  const resume = (bench: TestIntent, intent: Intent, { id }: OperationView) =>
    intent.resumeOperation(bench.request, { intentProject: bench.project, operationID: id });

  /** Every object in the cloud belongs to a resource's record, or to an operation that says that nobody knows. */
  async function assertNothingForgotten(bench: TestIntent, intent: Intent): Promise<void> {
    const { resources } = await intent.listResources(bench.request, { intentProject: bench.project });
    const known = resources.map(({ state }) => (isJsonObject(state) ? state['id'] : undefined));
    const doubtful = resources.filter(({ condition }) => condition === 'INDETERMINATE');
    const strays = [...bench.cloud.objects.keys()].filter((id) => !known.includes(id));
    assert.ok(strays.length <= doubtful.length, `forgotten: ${strays.join(', ')}`);
  }

  describe('of a creation', () => {
    for (const step of createSteps) {
      for (const plansIds of [false, true]) {
        it(`before ${step}, its id ${plansIds ? 'planned' : 'unknown'}, is found and settled`, async () => {
          const bench = await testIntent(stopBefore(step));
          bench.cloud.plansIds = plansIds;
          await bench.create('one').catch(() => undefined);
          const next = bench.restart();
          await next.recover();
          const left = await newest(bench, next);
          assert.equal(left.status, 'INTERRUPTED');
          await assertNothingForgotten(bench, next);
          const acted = step === 'recordOutcome';
          const resumed = await resume(bench, next, left);
          const settles = !acted || plansIds;
          assert.equal(resumed.status, settles ? 'FINISHED' : 'INTERRUPTED');
          if (!settles) assert.match(resumed.message, /import it as "one"/);
          await assertNothingForgotten(bench, next);
          assert.equal(bench.cloud.objects.size, 1);
          assert.equal(bench.cloud.calls.filter((name) => name === 'apply').length, 1);
          await next.close();
        });
      }
    }

    it('before the operation is written down leaves nothing', async () => {
      const bench = await testIntent(stopBefore('recordOperation'));
      await bench.create('one').catch(() => undefined);
      const { operations } = await bench.intent.listOperations(bench.request, { intentProject: bench.project });
      assert.deepEqual([operations.length, bench.cloud.objects.size], [0, 0]);
    });

    it('that made nothing is told so when the id was planned', async () => {
      const bench = await testIntent();
      bench.cloud.plansIds = true;
      bench.cloud.fault = ({ name }) =>
        name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      await assertRefused('PROVIDER_FAILED', bench.create('one'), /resume it/);
      const left = await newest(bench, bench.intent);
      assert.equal(left.status, 'INTERRUPTED');
      bench.cloud.fault = undefined;
      await assertRefused(
        'PROVIDER_FAILED',
        resume(bench, bench.intent, left).then((done) => {
          if (done.status === 'FAILED') throw providerCrash(false);
        }),
      );
      assert.equal(await bench.intent.findResource(bench.request, at(bench)), null);
      assert.equal((await bench.create('one')).status, 'FINISHED');
    });

    it('whose object cannot be found by its provider is settled by a person', async () => {
      const bench = await testIntent(stopBefore('recordOutcome'));
      await bench.create('one').catch(() => undefined);
      const next = bench.restart();
      await next.recover();
      const left = await newest(bench, next);
      await assertRefused(
        'CONFLICT',
        next.createResource(bench.request, {
          ...at(bench),
          provider: 'acme/fake',
          type: 'fake_thing',
          config: { name: 'one' },
        }),
        /resume/,
      );
      await assertRefused('CONFLICT', next.refreshResource(bench.request, at(bench)));
      const imported = await next.importResource(bench.request, {
        ...at(bench), importID: 'id-one', provider: 'acme/fake', type: 'fake_thing',
      }); // prettier-ignore
      assert.equal(imported.outcome, 'imported');
      assert.equal((await next.findResource(bench.request, at(bench)))?.condition, 'OK');
      const settled = await next.findOperation(bench.request, { intentProject: bench.project, id: left.id });
      assert.equal(settled?.status, 'FAILED');
      await next.close();
    });

    it('whose object is not there is dropped by an eject and made again', async () => {
      const bench = await testIntent();
      bench.cloud.fault = ({ name }) =>
        name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      await assertRefused('PROVIDER_FAILED', bench.create('one'));
      bench.cloud.fault = undefined;
      const asked = await bench.intent.ejectResource(bench.request, at(bench));
      const confirmation = asked.confirmation?.token ?? '';
      await bench.intent.ejectResource(bench.request, { ...at(bench), confirmation });
      assert.equal((await bench.create('one')).status, 'FINISHED');
    });
  });

  describe('of an update', () => {
    for (const step of updateSteps) {
      it(`before ${step} is found and settled`, async () => {
        const power = stopBefore(step);
        power.armed = false;
        const bench = await testIntent(power);
        await bench.create('one', { name: 'a', size: 1 });
        power.armed = true;
        await bench.intent
          .updateResource(bench.request, { ...at(bench), config: { name: 'a', size: 2 } })
          .catch(() => {});
        const next = bench.restart();
        await next.recover();
        const left = await newest(bench, next);
        assert.equal(left.status, 'INTERRUPTED');
        assert.equal((await resume(bench, next, left)).status, 'FINISHED');
        const resource = await next.findResource(bench.request, at(bench));
        assert.deepEqual([resource?.condition, field(resource?.state, 'size')], ['OK', 2]);
        await assertNothingForgotten(bench, next);
        await next.close();
      });
    }

    it('that was not made is told so, and the record shows what is there', async () => {
      const bench = await testIntent();
      await bench.create('one', { name: 'a', size: 1 });
      bench.cloud.fault = ({ name }) =>
        name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      const config = { name: 'a', size: 2 };
      await assertRefused('PROVIDER_FAILED', bench.intent.updateResource(bench.request, { ...at(bench), config }));
      assert.equal((await bench.intent.findResource(bench.request, at(bench)))?.condition, 'INDETERMINATE');
      await assertRefused('CONFLICT', bench.intent.updateResource(bench.request, { ...at(bench), config }), /resume/);
      bench.cloud.fault = undefined;
      const left = await newest(bench, bench.intent);
      const settled = await resume(bench, bench.intent, left);
      assert.equal(settled.status, 'FAILED');
      assert.match(settled.failure ?? '', /not made, or only in part/);
      const resource = await bench.intent.findResource(bench.request, at(bench));
      assert.deepEqual([resource?.condition, field(resource?.state, 'size')], ['OK', 1]);
    });

    it('between destroying and making a replacement is found', async () => {
      const bench = await testIntent();
      bench.cloud.plansIds = true;
      await bench.create('one', { name: 'a' });
      const config = { name: 'b' };
      const waiting = await bench.intent.updateResource(bench.request, { ...at(bench), config });
      bench.cloud.fault = ({ name, planned }) =>
        name === 'apply' && planned !== null ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      const confirmation = waiting.confirmation?.token ?? '';
      await assertRefused(
        'PROVIDER_FAILED',
        bench.intent.updateResource(bench.request, { ...at(bench), config, confirmation }),
      );
      const left = await newest(bench, bench.intent);
      assert.equal(left.status, 'INTERRUPTED');
      bench.cloud.fault = undefined;
      const made = aValue({ id: 'id-b', name: 'b', size: null, password: null, pin: null });
      if (made instanceof Map) bench.cloud.objects.set('id-b', made);
      assert.equal((await resume(bench, bench.intent, left)).status, 'FINISHED');
      assert.equal(field((await bench.intent.findResource(bench.request, at(bench)))?.state, 'id'), 'id-b');
    });
  });

  describe('of a deletion', () => {
    for (const step of deleteSteps) {
      it(`before ${step} is found and settled`, async () => {
        const power = stopBefore(step);
        power.armed = false;
        const bench = await testIntent(power);
        await bench.create('one');
        const { confirmation } = await bench.intent.deleteResource(bench.request, at(bench));
        power.armed = true;
        await bench.intent
          .deleteResource(bench.request, { ...at(bench), confirmation: confirmation?.token ?? '' })
          .catch(() => {});
        const next = bench.restart();
        await next.recover();
        const left = await newest(bench, next);
        const acted = step === 'recordOutcome';
        assert.equal(left.status, 'INTERRUPTED');
        const resumed = await resume(bench, next, left);
        if (!acted) {
          // The token was used up, so there is a new one.
          assert.deepEqual([resumed.status, bench.cloud.objects.size], ['AWAITING_CONFIRMATION', 1]);
          await next.deleteResource(bench.request, { ...at(bench), confirmation: resumed.confirmation?.token ?? '' });
        }
        assert.equal((await newest(bench, next)).outcome, 'deleted');
        assert.equal(bench.cloud.objects.size, 0);
        await assertNothingForgotten(bench, next);
        await next.close();
      });
    }

    it('that was not made is told so', async () => {
      const bench = await testIntent();
      await bench.create('one');
      const { confirmation } = await bench.intent.deleteResource(bench.request, at(bench));
      bench.cloud.fault = ({ name }) =>
        name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
      const again = { ...at(bench), confirmation: confirmation?.token ?? '' };
      await assertRefused('PROVIDER_FAILED', bench.intent.deleteResource(bench.request, again));
      bench.cloud.fault = undefined;
      const settled = await resume(bench, bench.intent, await newest(bench, bench.intent));
      assert.match(settled.failure ?? '', /still there/);
      assert.equal((await bench.intent.findResource(bench.request, at(bench)))?.condition, 'OK');
    });
  });

  it('by a provider that certainly did nothing are failures', async () => {
    const bench = await testIntent();
    bench.cloud.fault = ({ name }) =>
      name === 'apply' ? Promise.reject(providerCrash(false)) : Promise.resolve(undefined);
    await assertRefused('PROVIDER_FAILED', bench.create('one'));
    assert.equal((await newest(bench, bench.intent)).status, 'FAILED');
    assert.equal((await bench.create('one').catch(() => undefined))?.status, undefined);
  });

  it('stay as they are while the provider cannot be asked', async () => {
    const bench = await testIntent();
    await bench.create('one', { name: 'a', size: 1 });
    bench.cloud.fault = ({ name }) =>
      name === 'apply' ? Promise.reject(providerCrash(true)) : Promise.resolve(undefined);
    const config = { name: 'a', size: 2 };
    await assertRefused('PROVIDER_FAILED', bench.intent.updateResource(bench.request, { ...at(bench), config }));
    bench.cloud.fault = ({ name }) =>
      name === 'read' ? Promise.reject(providerCrash(false)) : Promise.resolve(undefined);
    const left = await newest(bench, bench.intent);
    await assertRefused('PROVIDER_FAILED', resume(bench, bench.intent, left));
    assert.equal((await newest(bench, bench.intent)).status, 'INTERRUPTED');
  });

  it('free the project when the server is certainly gone', async () => {
    const bench = await testIntent(stopBefore('recordOutcome'));
    await bench.create('one').catch(() => undefined);
    const next = bench.restart();
    await next.recover();
    const other = otherSession('other');
    const input = { ...at(bench, 'two'), provider: 'acme/fake', type: 'fake_thing', config: { name: 'b' } };
    assert.equal((await next.createResource(other, input)).status, 'FINISHED');
    await next.close();
  });
});

function field(state: unknown, name: string): unknown {
  return isJsonObject(state) ? state[name] : undefined;
}
