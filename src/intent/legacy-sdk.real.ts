import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Executor } from '../executor/index.ts';
import { type CtyType, type Value, valueToJson } from '../providers/index.ts';
import type { Json, JsonObject } from '../shared/json.ts';
import { formatPath } from '../shared/problems.ts';
import { buildLegacyProvider, legacyAddress, legacyVersion } from '../testing/go-provider.ts';
import { binaryAt, ProviderBench } from '../testing/provider-bench.ts';
import {
  actionsOf,
  comparable,
  jsonAt,
  type SeenPlan,
  theirPlan,
  unorderedPaths,
  withoutUnknowns,
} from '../testing/terraform-plans.ts';
import { terraformEnvironment } from '../testing/terraform.ts';
import { findTool, requireTool } from '../testing/tools.ts';
import { type Applied, applyChange } from './provider/apply-change.ts';
import { checkConfig } from './provider/check-config.ts';
import { openState } from './journal/object-store.ts';
import { encodeFor, type LoadedType, loadedType } from './provider/loaded-type.ts';
import { type KnownObject, nothing, planChange, type PlannedChange } from './provider/plan-change.ts';
import { readObject } from './provider/read-object.ts';
import { unknownPaths } from './plan/unknowns.ts';

/** What becomes of one resource in one step. */
interface Seen extends SeenPlan {
  readonly state: Json;
  readonly tainted: boolean;
}

interface Case {
  readonly type: string;
  /** One configuration after the other; the last stays. */
  readonly steps: readonly JsonObject[];
}

const box = (more: JsonObject): JsonObject => ({ name: 'n', ...more });

// The rules of the old SDK's types, one by one: what is nothing and what is zero, and who may say otherwise.
const cases: Readonly<Record<string, Case>> = {
  nothing_and_zero: {
    type: 'legacy_box',
    steps: [box({}), box({ size: 0, weight: 0, sealed: false, empty: '', tags: {}, zones: [], steps: [] }), box({})],
  },
  zero_first: {
    type: 'legacy_box',
    steps: [box({ size: 0, sealed: false, empty: '', tags: {}, zones: [], steps: [] }), box({ size: 1 }), box({})],
  },
  defaults: { type: 'legacy_box', steps: [box({ color: 'red', fragile: false }), box({}), box({ fragile: true })] },
  optional_and_computed: {
    type: 'legacy_box',
    steps: [box({ note: 'mine', limits: { width: 2 } }), box({}), box({ note: '', limits: {} })],
  },
  equal_spellings: {
    type: 'legacy_box',
    steps: [box({ label: 'Fine' }), box({ label: 'FINE' }), box({ label: 'other' })],
  },
  state_function: {
    type: 'legacy_box',
    steps: [box({ content: 'long text' }), box({ content: 'long text' }), box({ content: 'another' })],
  },
  own_plan: { type: 'legacy_box', steps: [box({ size: 5 }), box({ size: 7 }), box({ size: 2 })] },
  forces_a_new_one: { type: 'legacy_box', steps: [box({}), { name: 'm' }, { name: 'm', size: 3 }] },
  blocks_by_hash: {
    type: 'legacy_box',
    steps: [
      box({
        rule: [
          { port: 80, cidr: 'a' },
          { port: 22, open: false, peers: ['y', 'x'] },
        ],
      }),
      box({
        rule: [
          { port: 22, open: false, peers: ['x'] },
          { port: 81, cidr: 'a' },
        ],
      }),
      box({ rule: [{ port: 81, cidr: 'a' }] }),
      box({}),
    ],
  },
  one_block: {
    type: 'legacy_box',
    steps: [
      box({ setting: [{}] }),
      box({ setting: [{ mode: 'slow', level: 9 }] }),
      box({ setting: [{ mode: 'slow', owner: 'me' }] }),
      box({}),
    ],
  },
  blocks_as_attributes: {
    type: 'legacy_box',
    steps: [
      box({ gate: [{ port: 1, side: 'left' }], inner: [{ key: 'k', value: 'v' }] }),
      box({}),
      box({ gate: [], inner: [] }),
      box({ gate: [{ port: 2, side: null }], inner: [{ key: 'k', value: null }] }),
    ],
  },
  time_outs: {
    type: 'legacy_box',
    steps: [box({ timeouts: { create: '30s' } }), box({ timeouts: { create: '40s', update: '10s' } }), box({})],
  },
  secrets: {
    type: 'legacy_secret',
    steps: [
      { password: 'p', token: 't', token_version: 1, login: [{ user: 'u', password: 'w' }] },
      { password: 'p', token: 't2', token_version: 1, login: [{ user: 'u', password: 'w2' }] },
      { password: 'q', token: 't2', token_version: 2 },
    ],
  },
  lies_that_are_tolerated: {
    type: 'legacy_liar',
    steps: [{ text: 'so it is', lie_in_apply: true, kept: 'long' }, { text: 'so it is' }, {}],
  },
  fails_and_is_made_anew: { type: 'legacy_box', steps: [box({ note: 'fail' }), box({ note: 'fine' })] },
  fails_half_way: {
    type: 'legacy_box',
    steps: [box({ size: 1 }), box({ size: 2, fail_in_update: true }), box({ size: 2 })],
  },
  no_more_than_a_name: { type: 'legacy_peg', steps: [{ name: 'p' }, { name: 'q' }] },
  framework_beside_it: {
    type: 'legacy_tin',
    steps: [{ name: 't' }, { name: 't', lid: { color: 'red' } }, { name: 'u' }],
  },
};

// What terraform does not take from this provider we do not take either.
const refused: Readonly<Record<string, { type: string; config: JsonObject; when: 'check' | 'plan' | 'apply' }>> = {
  'more blocks than there may be': { type: 'legacy_box', config: box({ setting: [{}, {}] }), when: 'check' },
  'an argument that is missing': { type: 'legacy_box', config: { size: 1 }, when: 'check' },
  'a value of the provider': { type: 'legacy_box', config: box({ serial: 'mine' }), when: 'check' },
  'an object without all its attributes': { type: 'legacy_box', config: box({ gate: [{ port: 1 }] }), when: 'check' },
  'another plan than asked for': { type: 'legacy_strict', config: { kept: 'long' }, when: 'plan' },
  'another result than planned': { type: 'legacy_strict', config: { text: 'a', lie_in_apply: true }, when: 'apply' },
};

describe('a provider on the old SDK, beside the terraform program', () => {
  let folder: string;
  let bench: ProviderBench;
  before(requireTool('go'));
  before(requireTool('terraform'));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-legacy-'));
    const binary = await binaryAt(await buildLegacyProvider(), legacyAddress, legacyVersion);
    bench = await ProviderBench.open(binary);
    const overrides = `dev_overrides {\n "${legacyAddress}" = "${dirname(binary.path)}"\n }\n direct {}\n`;
    await writeFile(join(folder, 'terraform.rc'), `provider_installation {\n ${overrides}}\n`);
  });
  after(async () => {
    await bench?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it('is planned and applied alike, step by step', async () => {
    const theirs = await theirRounds(join(folder, 'all'), bench);
    for (const [name, { type, steps }] of Object.entries(cases)) {
      const ours = await ourSteps(bench.executor, loadFrom(bench, type), steps);
      for (const [at, seen] of ours.entries()) assert.deepEqual(seen, theirs[at]?.get(name), `${name}, step ${at}`);
      assert.equal(ours.length, steps.length);
    }
    assert.equal(theirs[0]?.get('fails_and_is_made_anew')?.tainted, true);
    assert.deepEqual(theirs[1]?.get('fails_and_is_made_anew')?.actions, ['delete', 'create']);
  });

  for (const [what, { type, config, when }] of Object.entries(refused)) {
    it(`is refused alike: ${what}`, async () => {
      const terraformFolder = join(folder, what.replaceAll(' ', '-'));
      await mkdir(terraformFolder);
      await writeConfiguration(terraformFolder, { [type]: { it: config } });
      const planned = terraform(terraformFolder, ['plan', '-input=false', '-out=the.plan']);
      assert.equal(planned.code, when === 'apply' ? 0 : 1, planned.output);
      if (when === 'apply') assert.equal(terraform(terraformFolder, ['apply', 'the.plan']).code, 1);
      assert.equal(await refusedAt(bench.executor, loadFrom(bench, type), config), when);
    });
  }

  it('is told of in the log where it is tolerated', async () => {
    const loaded = loadFrom(bench, 'legacy_liar');
    const planned = await firstPlan(bench.executor, loaded, { text: 'a', kept: 'long', lie_in_apply: true });
    assert.deepEqual(
      planned.tolerated.map(({ path, severity }) => [formatPath(path), severity]),
      [['kept', 'warning']],
    );
    const applied = await applyPlanned(bench.executor, loaded, planned);
    assert.deepEqual(
      applied?.tolerated.map(({ path }) => formatPath(path)),
      ['text'],
    );
  });

  it('upgrades a state of an older schema', async () => {
    const loaded = loadFrom(bench, 'legacy_box');
    const stateJson = JSON.stringify({ id: 'box-n', name: 'n', amount: 4 });
    const { state, problems } = await bench.executor.upgradeState(loaded.session, {
      type: loaded.type,
      version: 0,
      stateJson,
    });
    assert.deepEqual(problems, []);
    const upgraded = plain(openState(loaded, state), loaded.valueType);
    assert.deepEqual([jsonAt(upgraded, 'size'), jsonAt(upgraded, 'inner')], [4, []]);
  });

  it('does the same over protocol 6', async () => {
    const session = bench.with({ LEGACY_PROTOCOL: '6' });
    for (const name of ['blocks_by_hash', 'own_plan', 'secrets', 'framework_beside_it']) {
      const { type, steps } = cases[name] ?? { type: '', steps: [] };
      const loaded = loadFrom(bench, type);
      const over6 = await ourSteps(bench.executor, { ...loaded, session }, steps);
      assert.deepEqual(over6, await ourSteps(bench.executor, loaded, steps), name);
    }
  });
});

async function ourSteps(executor: Executor, loaded: LoadedType, steps: readonly Json[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  let past: Past = { object: nothing, tainted: false };
  for (const config of steps) {
    const step = await ourStep(executor, loaded, config, past);
    seen.push(step.seen);
    past = step.past;
  }
  return seen;
}

interface Past {
  readonly object: KnownObject;
  readonly tainted: boolean;
}

async function ourStep(
  executor: Executor,
  loaded: LoadedType,
  config: Json,
  past: Past,
): Promise<{ seen: Seen; past: Past }> {
  const { value } = await checkConfig(executor, loaded, config, 'resource');
  const prior = await readAgain(executor, loaded, past.object);
  const planned = await planChange(executor, loaded, { prior, config: value, tainted: past.tainted, call: {} });
  const applied = await applyPlanned(executor, loaded, planned);
  const tainted = applied === undefined ? past.tainted : applied.tainted;
  const object = applied === undefined ? { value: planned.planned.value, private: prior.private } : applied.object;
  const seen: Seen = {
    actions: [...(actionsOf[planned.action] ?? [planned.action])],
    planned: comparable(plain(withoutUnknowns(planned.planned.value), loaded.valueType), loaded.valueType),
    unknown: unorderedPaths(unknownPaths(planned.planned.value), loaded.valueType),
    replace: planned.replacePaths.map(formatPath).toSorted(),
    state: comparable(plain(object.value, loaded.valueType), loaded.valueType),
    tainted,
  };
  return { seen, past: { object, tainted } };
}

async function firstPlan(executor: Executor, loaded: LoadedType, config: Json): Promise<PlannedChange> {
  const { value } = await checkConfig(executor, loaded, config, 'resource');
  return planChange(executor, loaded, { prior: nothing, config: value, tainted: false, call: {} });
}

/** Where a new resource comes to grief. */
async function refusedAt(executor: Executor, loaded: LoadedType, config: Json): Promise<string> {
  const checked = await checkConfig(executor, loaded, config, 'resource').catch(() => undefined);
  if (checked === undefined) return 'check';
  const planned = await firstPlan(executor, loaded, config).catch(() => undefined);
  if (planned === undefined) return 'plan';
  const applied = await applyPlanned(executor, loaded, planned);
  return applied?.failure === undefined ? 'nowhere' : 'apply';
}

async function readAgain(executor: Executor, loaded: LoadedType, past: KnownObject): Promise<KnownObject> {
  if (past.value === null) return nothing;
  const stored = { value: openState(loaded, encodeFor(loaded, past.value)), private: past.private };
  return (await readObject(executor, loaded, stored, {})).object;
}

/** @returns undefined when there is nothing to do */
async function applyPlanned(executor: Executor, loaded: LoadedType, plan: PlannedChange): Promise<Applied | undefined> {
  const { action, prior, config, planned, destroyPrivate } = plan;
  if (action === 'no-op') return undefined;
  if (action === 'replace') {
    const gone = { prior, config: null, planned: null, plannedPrivate: destroyPrivate, call: {} };
    const destroyed = await applyChange(executor, loaded, gone);
    assert.equal(destroyed.failure, undefined);
  }
  const from = action === 'replace' ? nothing : prior;
  const change = { prior: from, config, planned: planned.value, plannedPrivate: planned.private, call: {} };
  return applyChange(executor, loaded, change);
}

function plain(value: Value, type: CtyType): Json {
  return JSON.parse(valueToJson(value, type)) as Json;
}

const lastRound = Math.max(...Object.values(cases).map(({ steps }) => steps.length));

/** All cases in one configuration, since each start of terraform takes its time. */
async function theirRounds(folder: string, bench: ProviderBench): Promise<Map<string, Seen>[]> {
  await mkdir(folder);
  const rounds: Map<string, Seen>[] = [];
  for (let at = 0; at < lastRound; at += 1) rounds.push(await theirRound(folder, bench, at));
  return rounds;
}

async function theirRound(folder: string, bench: ProviderBench, at: number): Promise<Map<string, Seen>> {
  const resource: Record<string, Record<string, Json>> = {};
  for (const [name, { type, steps }] of Object.entries(cases)) {
    resource[type] = { ...resource[type], [name]: steps[Math.min(at, steps.length - 1)] ?? {} };
  }
  await writeConfiguration(folder, resource);
  const plan = terraform(folder, ['plan', '-input=false', '-out=the.plan']);
  assert.equal(plan.code, 0, plan.output);
  const changes = jsonAt(show(folder, 'the.plan'), 'resource_changes') as readonly Json[];
  terraform(folder, ['apply', '-input=false', 'the.plan']); // some fail on purpose: their state tells
  const made = jsonAt(show(folder), 'values', 'root_module', 'resources') as readonly Json[];
  return new Map(
    Object.entries(cases).map(([name, { type }]) => {
      const mine = (each: Json): boolean => jsonAt(each, 'address') === `${type}.${name}`;
      const found = made.find(mine) ?? null;
      const implied = bench.type(type);
      return [
        name,
        {
          ...theirPlan(jsonAt(changes.find(mine) ?? null, 'change'), implied),
          state: comparable(jsonAt(found, 'values'), implied),
          tainted: jsonAt(found, 'tainted') === true,
        },
      ];
    }),
  );
}

function writeConfiguration(folder: string, resource: Json): Promise<void> {
  const document = { terraform: { required_providers: { legacy: { source: legacyAddress } } }, resource };
  return writeFile(join(folder, 'main.tf.json'), JSON.stringify(document));
}

function terraform(folder: string, args: readonly string[]): { code: number | null; output: string } {
  const program = findTool('terraform');
  assert.ok(program !== undefined);
  const env = terraformEnvironment(folder, join(folder, '..', 'terraform.rc'));
  const { status, stdout, stderr } = spawnSync(program, [...args, '-no-color'], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return { code: status, output: args[0] === 'show' ? stdout : stdout + stderr };
}

function show(folder: string, ...args: string[]): Json {
  return JSON.parse(terraform(folder, ['show', '-json', ...args]).output) as Json;
}

function loadFrom(bench: ProviderBench, type: string): LoadedType {
  const { planDestroy, schemaOptional } = bench.schema.serverCapabilities;
  const program = { binary: bench.binary, configuration: bench.schema.provider, planDestroy, schemaOptional };
  return { ...loadedType(type, bench.resource(type), program), session: bench.session };
}
