import assert from 'node:assert/strict';

import { deleteProject } from '../domain/projects/index.ts';
import type { IntentOptions, OperationView } from './index.ts';
import { type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';

/** An engine whose next operation that comes to a step is held before it. */
function holdable() {
  let wanted: { step: string; reached: () => void; goOn: Promise<void> } | undefined;
  const options: IntentOptions = {
    async beforeStep(step) {
      if (wanted?.step !== step) return;
      const { reached, goOn } = wanted;
      wanted = undefined;
      reached();
      await goOn;
    },
  };
  const holdBefore = (step: string) => {
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    wanted = { step, reached: held.resolve, goOn: released.promise };
    return { held: held.promise, release: released.resolve };
  };
  return { options, holdBefore };
}

describe('two operations on one resource at once', () => {
  const { options, holdBefore } = holdable();
  let bench: TestIntent;
  const at = (resourceID = 'one') => ({ intentProject: bench.project, resourceID });
  const update = (size: number) =>
    bench.intent.updateResource(bench.request, { ...at(), config: { name: 'one', size } });
  const remove = (confirmation?: string) =>
    bench.intent.deleteResource(bench.request, { ...at(), ...(confirmation === undefined ? {} : { confirmation }) });

  beforeEach(async () => {
    bench = await testIntent(options);
    await bench.create('one');
  });

  async function confirmedRemoval(step: string): Promise<{ end: Promise<OperationView>; release: () => void }> {
    const asked = await remove();
    const { held, release } = holdBefore(step);
    const end = remove(asked.confirmation?.token);
    await held;
    return { end, release };
  }

  it('are refused while a confirmed removal is planned again', async () => {
    const { end, release } = await confirmedRemoval('planDelete');
    await assertRefused('CONFLICT', update(2), /operation \S+ is AWAITING_CONFIRMATION; wait for its end/);
    release();
    assert.equal((await end).status, 'FINISHED');
    assert.equal(bench.cloud.objects.size, 0);
  });

  it('leave no resource needed that a confirmed removal is about to remove', async () => {
    await bench.create('two');
    const { end, release } = await confirmedRemoval('applyChange');
    const edge = { intentProject: bench.project, from: 'two', to: 'one' };
    await assertRefused('CONFLICT', bench.intent.addDependency(bench.request, edge), /is about to remove one/);
    release();
    assert.equal((await end).status, 'FINISHED');
  });

  it('keep a project from being deleted under a confirmed removal', async () => {
    const { end, release } = await confirmedRemoval('planDelete');
    const deleted = deleteProject(bench.context, bench.request, bench.project, { keepResources: true });
    await assertRefused('CONFLICT', deleted, /is not at its end/);
    release();
    assert.equal((await end).status, 'FINISHED');
  });

  it('do not bring back what was removed between looking it up and writing the second one down', async () => {
    const { held, release } = holdBefore('recordOperation');
    const late = update(2);
    await held;
    const asked = await remove();
    await remove(asked.confirmation?.token);
    await bench.create('one');
    release();
    await assertRefused('CONFLICT', late, /another operation made or removed it meanwhile/);
    assert.equal(bench.cloud.objects.size, 1);
  });

  it('let nobody make again what was made meanwhile', async () => {
    const { held, release } = holdBefore('recordOperation');
    const late = bench.create('two');
    await held;
    await bench.create('two');
    release();
    await assertRefused('CONFLICT', late, /another operation made or removed it meanwhile/);
    assert.equal(bench.cloud.objects.size, 2);
  });
});
