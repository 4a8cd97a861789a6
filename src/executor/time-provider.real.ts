import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import { nullValue, valueToJson } from '../providers/index.ts';
import { errorsOf, formatProblem } from '../shared/problems.ts';
import { buildTimeProvider, timeAddress, timeVersion } from '../testing/go-provider.ts';
import { binaryAt, madeBy, member, ProviderBench, unknownNames } from '../testing/provider-bench.ts';
import { requireTool } from '../testing/tools.ts';

describe('executor with hashicorp/time, protocol 5', () => {
  let bench: ProviderBench;
  before(requireTool('go'));
  before(async () => {
    bench = await ProviderBench.open(await binaryAt(await buildTimeProvider(), timeAddress, timeVersion));
  });
  after(() => bench?.close());

  it('reads the schema', () => {
    assert.deepEqual(Object.keys(bench.schema.resources).toSorted(), [
      'time_offset',
      'time_rotating',
      'time_sleep',
      'time_static',
    ]);
    assert.deepEqual(bench.schema.serverCapabilities, { planDestroy: true, schemaOptional: true, moveState: true });
    const days = bench.resource('time_offset').block.attributes.find(({ name }) => name === 'offset_days');
    assert.deepEqual([days?.type, days?.optional, days?.computed, days?.required], ['number', true, false, false]);
  });

  it('passes on what validation finds, with the path', async () => {
    const config = bench.config('time_static', { rfc3339: 'yesterday' });
    const { problems } = await bench.executor.validateResource(bench.session, { type: 'time_static', config });
    assert.equal(problems.length, 1);
    assert.deepEqual(problems[0]?.path, ['rfc3339']);
    assert.match(problems.map(formatProblem).join(), /not valid RFC3339/);
  });

  it('plans and applies a create', async () => {
    const plan = await bench.planCreate('time_offset', { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 3 });
    assert.deepEqual(unknownNames(bench.decode('time_offset', plan.planned)), [
      'day',
      'hour',
      'id',
      'minute',
      'month',
      'rfc3339',
      'second',
      'unix',
      'year',
    ]);
    const { state } = madeBy(
      await bench.applyCreate('time_offset', { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 3 }, plan),
    );
    assert.deepEqual(
      ['rfc3339', 'unix', 'day'].map((name) => member(bench.plain('time_offset', state), name)),
      ['2026-02-02T00:00:00Z', 1769990400, 2],
    );
  });

  it('updates in place and says where a replacement is needed', async () => {
    const past = madeBy(await bench.create('time_offset', { offset_days: 1 }));
    const updated = madeBy(await bench.update('time_offset', { offset_days: 2 }, past));
    assert.equal(member(bench.plain('time_offset', updated.state), 'offset_days'), 2);
    assert.deepEqual((await bench.planUpdate('time_offset', { offset_days: 2 }, updated)).requiresReplace, []);
    const replaced = await bench.planUpdate('time_offset', { offset_days: 2, triggers: { a: 'b' } }, updated);
    assert.deepEqual(replaced.requiresReplace, [['triggers']]);
  });

  it('reads, upgrades from stored JSON, and imports', async () => {
    const type = 'time_static';
    const { executor, session } = bench;
    const past = madeBy(await bench.create(type, { rfc3339: '2026-01-30T00:00:00Z' }));
    assert.deepEqual((await executor.read(session, { type, ...past })).state, past.state);
    const stateJson = valueToJson(bench.decode(type, past.state), bench.type(type));
    const upgraded = await executor.upgradeState(session, { type, version: bench.resource(type).version, stateJson });
    assert.deepEqual(bench.plain(type, upgraded.state), bench.plain(type, past.state));
    const { imported } = await executor.importResource(session, { type, id: '2026-01-30T00:00:00Z' });
    assert.equal(member(bench.plain(type, imported[0]?.state), 'unix'), 1769731200);
    const bad = await executor.importResource(session, { type, id: 'yesterday' });
    assert.ok(errorsOf(bad.problems).length > 0);
  });

  it('deletes: the state is null afterwards', async () => {
    const type = 'time_static';
    const past = madeBy(await bench.create(type, {}));
    const gone = { prior: past.state, config: nullValue };
    const plan = await bench.executor.plan(bench.session, {
      type,
      ...gone,
      proposed: nullValue,
      priorPrivate: past.private,
    });
    const request = { type, ...gone, planned: plan.planned, plannedPrivate: plan.plannedPrivate };
    const { state, problems } = await bench.executor.apply(bench.session, request);
    assert.deepEqual([Buffer.from(state ?? []).toString('hex'), problems], ['c0', []]);
  });

  it('stops an apply that is cancelled', async () => {
    const sleeping = bench.create('time_sleep', { create_duration: '30s' }, bench.session, { operationId: 'op-1' });
    await delay(1_000);
    await bench.executor.cancel('op-1');
    const { problems } = await sleeping;
    assert.ok(errorsOf(problems).length > 0);
  });

  it('stops an apply that takes too long, and still has its answer', async () => {
    const { problems } = await bench.create('time_sleep', { create_duration: '30s' }, bench.session, {
      timeoutMs: 700,
    });
    assert.ok(errorsOf(problems).length > 0);
  });
});
