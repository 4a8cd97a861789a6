import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  conform,
  decodeValue,
  encodeValue,
  impliedType,
  valueToPlain,
  equalValues,
  nullValue,
  valueToJson,
} from '../providers/index.ts';
import { AppError } from '../shared/errors.ts';
import { errorsOf } from '../shared/problems.ts';
import { type Json } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress, fixtureVersion } from '../testing/go-provider.ts';
import { processesWith } from '../testing/processes.ts';
import { binaryAt, madeBy, member, ProviderBench, unknownNames } from '../testing/provider-bench.ts';
import { requireTool } from '../testing/tools.ts';

describe('executor with a framework provider, protocol 6', () => {
  let bench: ProviderBench;
  let cloud: string;
  before(requireTool('go'));
  before(async () => {
    bench = await ProviderBench.open(await binaryAt(await buildGoProvider(), fixtureAddress, fixtureVersion), {
      maxProviders: 8,
    });
    cloud = join(bench.folder, 'cloud');
    await mkdir(cloud);
  });
  after(() => bench?.close());

  const objects = () => bench.with({ FIXTURE_DIR: cloud });

  const shapes: Json = {
    name: 'n',
    text: 'e\u0301',
    count_of: '9007199254740993',
    ratio: 0.1,
    big: '123456789012345678901234567890.5',
    items: ['a', 'b'],
    labels: ['b', 'a'],
    tags: { z: '1', a: '2' },
    matrix: [[1, 2.5], []],
    pair: { key: 'k', weight: 1.5 },
    anything: { list: [1, 'x', null] },
    secret: 'hidden',
    token: 'write-only',
    place: { city: 'Oslo' },
    rules: [
      { cidr: '10.0.0.0/8', ports: [80] },
      { cidr: '10.1.0.0/16', level: 'high' },
    ],
    rule_set: [{ cidr: 'b' }, { cidr: 'a' }],
    rule_map: { one: { cidr: 'c' } },
  };

  it('reads nested attributes, blocks, sensitive and write-only', () => {
    const byName = new Map(bench.resource('fixture_shapes').block.attributes.map((each) => [each.name, each]));
    assert.equal(byName.get('rules')?.nested?.nesting, 'LIST');
    assert.equal(byName.get('rule_map')?.nested?.attributes.find(({ name }) => name === 'key')?.sensitive, true);
    assert.deepEqual(
      [byName.get('token')?.writeOnly, byName.get('secret')?.sensitive, byName.get('old_text')?.deprecated],
      [true, true, true],
    );
    assert.deepEqual(
      bench
        .resource('fixture_blocks')
        .block.blocks.map(({ name, nesting }) => `${name} ${nesting}`)
        .toSorted(),
      ['member SET', 'place SINGLE', 'rule LIST'],
    );
  });

  it('carries every kind of value there and back', async () => {
    const plan = await bench.planCreate('fixture_shapes', shapes);
    assert.deepEqual(plan.problems, []);
    assert.deepEqual(unknownNames(bench.decode('fixture_shapes', plan.planned)), ['id', 'rule_info', 'token_length']);
    const made = bench.plain('fixture_shapes', madeBy(await bench.applyCreate('fixture_shapes', shapes, plan)).state);
    assert.deepEqual(
      Object.fromEntries(
        [
          'text',
          'style',
          'enabled',
          'count_of',
          'ratio',
          'big',
          'labels',
          'tags',
          'matrix',
          'anything',
          'token',
          'token_length',
          'rule_info',
        ].map((name) => [name, member(made, name)]),
      ),
      {
        text: 'é',
        style: 'plain',
        enabled: true,
        count_of: '9007199254740993',
        ratio: 0.1,
        big: '123456789012345678901234567890.5',
        labels: ['a', 'b'],
        tags: { a: '2', z: '1' },
        matrix: [[1, 2.5], []],
        anything: { list: [1, 'x', null] },
        token: null,
        token_length: 10,
        rule_info: { count: 2 },
      },
    );
    assert.deepEqual(member(made, 'rules'), [
      { cidr: '10.0.0.0/8', ports: [80], key: null, level: 'low' },
      { cidr: '10.1.0.0/16', ports: null, key: null, level: 'high' },
    ]);
  });

  it('finds nothing to change in what it just made', async () => {
    const past = madeBy(await bench.create('fixture_shapes', shapes));
    const plan = await bench.planUpdate('fixture_shapes', shapes, past);
    const [planned, state] = [plan.planned, past.state].map((bytes) => bench.decode('fixture_shapes', bytes));
    assert.ok(equalValues(planned ?? null, state ?? null));
    assert.deepEqual([plan.requiresReplace, plan.problems], [[], []]);
  });

  it('carries nested blocks, and empty ones', async () => {
    const json: Json = {
      name: 'n',
      rule: [{ cidr: 'a', option: [{ key: 'k' }] }],
      member: [{ login: 'x', roles: ['r'] }],
      place: { zone: 'z' },
    };
    const { state } = madeBy(await bench.create('fixture_blocks', json));
    const made = bench.plain('fixture_blocks', state);
    assert.deepEqual(member(made, 'rule'), [{ cidr: 'a', port: null, number: 0, option: [{ key: 'k', value: null }] }]);
    assert.deepEqual(member(made, 'place'), { city: null, zone: 'z' });
    const bare = bench.plain('fixture_blocks', madeBy(await bench.create('fixture_blocks', { name: 'n' })).state);
    assert.deepEqual(
      ['rule', 'member', 'place'].map((name) => member(bare, name)),
      [[], [], null],
    );
  });

  it('says where inside a nested attribute a replacement is needed', async () => {
    const past = madeBy(await bench.create('fixture_shapes', { name: 'n', place: { city: 'Oslo', zone: 'a' } }));
    const plan = await bench.planUpdate('fixture_shapes', { name: 'n', place: { city: 'Oslo', zone: 'b' } }, past);
    assert.deepEqual(plan.requiresReplace, [['place', 'zone']]);
  });

  it('makes, reads, imports and finds objects outside the state', async () => {
    const type = 'fixture_object';
    const session = objects();
    const past = madeBy(await bench.create(type, { name: 'one', content: 'c' }, session));
    const id = member(bench.plain(type, past.state), 'id');
    assert.ok(typeof id === 'string');
    const { imported } = await bench.executor.importResource(session, { type, id });
    const read = await bench.executor.read(session, {
      type,
      state: imported[0]?.state ?? nullValue,
      private: new Uint8Array(),
    });
    assert.equal(member(bench.plain(type, read.state), 'name'), 'one');
    const gone = await bench.executor.read(bench.with({ FIXTURE_DIR: bench.folder }), { type, ...past });
    assert.deepEqual(Buffer.from(gone.state).toString('hex'), 'c0');
  });

  it('brings an old state up to the version of today', async () => {
    const type = 'fixture_shapes';
    const stateJson = '{"title":"old","count_of":9007199254740993,"id":"x"}';
    const { state, problems } = await bench.executor.upgradeState(bench.session, { type, version: 0, stateJson });
    assert.deepEqual(problems, []);
    const found = bench.plain(type, state);
    assert.deepEqual(
      ['name', 'count_of'].map((name) => member(found, name)),
      ['old', '9007199254740993'],
    );
  });

  it('reads data sources', async () => {
    const type = 'fixture_object';
    const session = objects();
    const { block } = bench.schema.dataSources[type] ?? assert.fail('no such data source');
    const made = bench.plain(type, madeBy(await bench.create(type, { name: 'seen' }, session)).state);
    const config = encodeValue(conform({ id: member(made, 'id') }, block).value, impliedType(block));
    assert.deepEqual(await bench.executor.validateDataSource(session, { type, config }), { problems: [] });
    const { state, problems } = await bench.executor.readDataSource(session, { type, config });
    assert.deepEqual(problems, []);
    assert.equal(member(valueToPlain(decodeValue(state, impliedType(block))), 'name'), 'seen');
  });

  it('runs in the working folder', async () => {
    const session = bench.with({ FIXTURE_DIR: '.' });
    const made = bench.plain(
      'fixture_object',
      madeBy(await bench.create('fixture_object', { name: 'near' }, session)).state,
    );
    const id = member(made, 'id');
    assert.ok((await readdir(join(bench.folder, 'work'))).some((name) => typeof id === 'string' && name.includes(id)));
  });

  const calls = [
    ['ValidateResourceConfig', 'validateResource'],
    ['PlanResourceChange', 'plan'],
    ['ApplyResourceChange', 'apply'],
    ['ReadResource', 'read'],
    ['UpgradeResourceState', 'upgradeState'],
    ['ImportResourceState', 'importResource'],
    ['ConfigureProvider', 'configure'],
  ] as const;

  /** Every call once, until one fails. */
  async function wholeLife(environment: Readonly<Record<string, string>>): Promise<void> {
    const type = 'fixture_object';
    const session = { ...bench.with({ FIXTURE_DIR: cloud, ...environment }) };
    const { executor } = bench;
    await executor.validateResource(session, { type, config: bench.config(type, { name: 'x' }) });
    const past = madeBy(await bench.create(type, { name: 'x' }, session));
    await executor.read(session, { type, ...past });
    await executor.upgradeState(session, {
      type,
      version: 0,
      stateJson: valueToJson(bench.decode(type, past.state), bench.type(type)),
    });
    await executor.importResource(session, { type, id: 'none' });
  }

  for (const [call, ours] of calls) {
    for (const fault of ['crash_before', 'crash_after'] as const) {
      it(`names the provider, its version and the call when it has a ${fault} in ${call}`, () =>
        assert.rejects(wholeLife({ FIXTURE_FAULTS: JSON.stringify([{ call, do: fault }]) }), (error) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, 'PROVIDER_FAILED');
          assert.ok(
            error.message.startsWith(`provider sluice/fixture 1.0.0 exited with code 7 during ${ours}`),
            error.message,
          );
          assert.equal(error.details['mayHaveActed'], ours === 'apply');
          return true;
        }));
    }
  }

  it('quotes a panic, and no log line', () =>
    assert.rejects(wholeLife({ GOMEMLIMIT: 'nonsense' }), (error) => {
      assert.ok(error instanceof AppError);
      assert.match(
        error.message,
        /^provider sluice\/fixture 1.0.0 exited with code 2 before it was ready; its last words were "fatal error: /,
      );
      return true;
    }));

  it('keeps quiet about nothing that the provider says against its configuration', () =>
    assert.rejects(wholeLife({ FIXTURE_FAULTS: '[{"call":"ConfigureProvider","do":"error_before"}]' }), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, 'PROVIDER_REFUSED');
      assert.match(
        error.message,
        /^provider sluice\/fixture 1.0.0 refused its configuration: Fault: fault in ConfigureProvider/,
      );
      return true;
    }));

  it('reads all that a provider prints, so that it is not stopped by a full pipe', async () => {
    const session = bench.with({ FIXTURE_FAULTS: '[{"call":"PlanResourceChange","do":"noise"}]' });
    assert.deepEqual((await bench.planCreate('fixture_shapes', { name: 'n' }, session)).problems, []);
  });

  it('keeps what a failed apply made', async () => {
    const session = bench.with({
      FIXTURE_DIR: cloud,
      FIXTURE_FAULTS: '[{"call":"ApplyResourceChange","do":"error_after"}]',
    });
    const answer = await bench.create('fixture_object', { name: 'half' }, session);
    assert.ok(errorsOf(answer.problems).length > 0);
    assert.equal(member(bench.plain('fixture_object', answer.state), 'name'), 'half');
  });

  it('calls an answer of the wrong type by its name', async () => {
    const session = bench.with({
      FIXTURE_DIR: cloud,
      FIXTURE_FAULTS: '[{"call":"ApplyResourceChange","do":"wrong_type"}]',
    });
    const answer = await bench.create('fixture_object', { name: 'odd' }, session);
    assert.throws(
      () => bench.decode('fixture_object', answer.state),
      /does not fit its schema: integer in place of map/,
    );
  });

  it('hands over 1,500 types one by one and keeps none of them in memory', async function (this: Mocha.Context) {
    const names = new Set<string>();
    const [executor] = processesWith(`${bench.folder}/`, 'cmdline');
    assert.ok(executor !== undefined);
    const before = residentMb(executor);
    await bench.executor.streamSchema(bench.binary, (part) => void (part.kind === 'resource' && names.add(part.type)), {
      FIXTURE_TYPES: '1500',
    });
    assert.equal(names.size, 1503);
    // Reading them would take hundreds of megabytes; what the process may collect later comes and goes meanwhile.
    assert.ok(residentMb(executor) - before < 50, 'the executor that serves calls did not read the schema');
    assert.deepEqual(processesWith('FIXTURE_TYPES=1500', 'environ'), []);
  });
});

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
