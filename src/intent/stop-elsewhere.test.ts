import assert from 'node:assert/strict';

import { assertRefused } from '../testing/refusals.ts';
import { type TestIntent, testIntent } from '../testing/intent.ts';
import type { Intent } from './index.ts';

const NEVER_RENEWED = 600_000; // renewed every third of it

// Two engines on one database are two servers: neither has anything of the other in its memory.
describe('stopping what another server works on', () => {
  let bench: TestIntent;
  let other: Intent;
  let gate: PromiseWithResolvers<void>;

  before(() => testIntent()); // the database is made once, which takes longest
  beforeEach(() => {
    gate = Promise.withResolvers();
  });
  afterEach(async () => {
    gate.resolve();
    await Promise.all([bench.intent.close(), other.close()]);
  });

  const begin = async (held: 'plan' | 'apply', leaseMs = NEVER_RENEWED): Promise<string> => {
    bench = await testIntent({ limits: { leaseMs } });
    other = bench.restart({ limits: { leaseMs } });
    bench.cloud.fault = async ({ name }) => {
      if (name !== held) return undefined;
      await gate.promise;
      if (held === 'plan' || bench.cloud.cancelled.length === 0) return undefined;
      return { problems: [{ severity: 'error', summary: 'stopped', detail: '', path: [] }] };
    };
    const { id } = await bench.create('one', { name: 'one' }, 0);
    await until(() => bench.cloud.calls.includes(held));
    return id;
  };
  const cancel = (operationID: string) =>
    other.cancelOperation(bench.request, { intentProject: bench.project, operationID });
  const trail = async (action: string): Promise<unknown[]> => {
    const sql = 'select actor, affected_id as affected from audit_entry where action = $1';
    return (await bench.context.storage.executeSql(sql, [action])).rows;
  };
  /** An answer may come before the end where the computer is busy. */
  const endOf = async (operationID: string) => {
    const name = { intentProject: bench.project, id: operationID };
    let found = await other.findOperation(bench.request, name);
    while (found?.finishedAt === null) found = await other.findOperation(bench.request, name);
    return found;
  };
  const toldToStop = (id: string) => until(() => bench.cloud.cancelled.includes(id)).then(() => gate.resolve());

  it('ends it where it was, and is in the audit trail', async () => {
    const id = await begin('apply');
    await bench.intent.recover();
    const canceling = cancel(id);
    await toldToStop(id);
    await canceling;
    const ended = await endOf(id);
    assert.equal(ended?.status, 'FAILED');
    assert.ok((ended.cancelRequestedAt ?? 0) > 0);
    assert.deepEqual(await trail('intent-resource-operation.cancel'), [{ actor: 'api_key::admin', affected: id }]);
  });

  it('calls off what has not acted yet', async () => {
    const id = await begin('plan');
    await bench.intent.recover();
    const canceling = cancel(id);
    await toldToStop(id);
    await canceling;
    assert.equal((await endOf(id))?.status, 'CANCELED');
    assert.ok(!bench.cloud.calls.includes('apply'));
  });

  it('is noticed without a notification too', async () => {
    const id = await begin('plan', 60); // looks into its row every 20 ms
    const canceling = cancel(id); // and `recover`, which listens, was not called
    await toldToStop(id);
    await canceling;
    assert.equal((await endOf(id))?.status, 'CANCELED');
  });

  it('says so when that server is gone, and what to do', async () => {
    const id = await begin('apply');
    bench.clock.advance(NEVER_RENEWED / 1_000 + 1);
    await assertRefused(
      'CONFLICT',
      cancel(id),
      /INTERRUPTED .* the server went away while the provider acted; resume it/,
    );
    await assertRefused('CONFLICT', cancel(id), /resume it/);
  });

  it('is forgotten when the operation is resumed', async () => {
    const id = await begin('plan');
    bench.clock.advance(NEVER_RENEWED / 1_000 + 1);
    await assertRefused('CONFLICT', cancel(id), /before anything was changed; resume it/);
    bench.cloud.fault = undefined;
    const resumed = await other.resumeOperation(bench.request, { intentProject: bench.project, operationID: id });
    assert.equal(resumed.status, 'FINISHED');
    assert.equal(resumed.cancelRequestedAt, null);
  });

  it('begins nothing more of a change set', async () => {
    bench = await testIntent({ limits: { leaseMs: NEVER_RENEWED } });
    other = bench.restart();
    await bench.intent.recover();
    const make = (resourceID: string, name: string) =>
      ({ kind: 'CREATE', resourceID, provider: 'acme/fake', type: 'fake_thing', config: { name } }) as const;
    const changes = [make('a', 'a'), make('b', '${a.id}')];
    const set = await bench.intent.createChangeSet(bench.request, { intentProject: bench.project, changes });
    bench.cloud.fault = async ({ name }) => {
      if (name === 'apply') await gate.promise;
      return undefined;
    };
    const named = { intentProject: bench.project, id: set.id };
    const applying = bench.intent.applyChangeSet(bench.request, named);
    await until(() => bench.cloud.calls.includes('apply'));
    const canceling = other.cancelChangeSet(bench.request, named);
    await until(() => bench.cloud.cancelled.length > 0);
    gate.resolve();
    await canceling;
    assert.equal((await applying).status, 'CANCELED');
    const done = (await other.changesOf(set)).map(({ operation }) => operation?.status);
    assert.deepEqual(done, ['FINISHED', 'CANCELED']);
    assert.deepEqual(await trail('intent-change-set.cancel'), [{ actor: 'api_key::admin', affected: set.id }]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
