import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { planAction } from '../intent/plan/plan-action.ts';
import { replacePaths } from '../intent/plan/replace-paths.ts';
import { unknownPaths } from '../intent/plan/unknowns.ts';
import { type CtyType, valueToJson } from '../providers/index.ts';
import type { Json } from '../shared/json.ts';
import { formatPath } from '../shared/problems.ts';
import {
  buildGoProvider,
  buildTimeProvider,
  fixtureAddress,
  fixtureVersion,
  timeAddress,
  timeVersion,
} from '../testing/go-provider.ts';
import { binaryAt, madeBy, type Past, ProviderBench } from '../testing/provider-bench.ts';
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

const run = promisify(execFile);

interface Seen extends SeenPlan {
  readonly state: Json;
}

/** A configuration and what it is changed to, with a word on what it shows. */
interface Case {
  readonly what: string;
  readonly type: string;
  readonly steps: readonly Json[];
}

const shapes = {
  name: 'n',
  text: 'e\u0301',
  count_of: 12,
  ratio: 0.1,
  items: ['a', 'b'],
  labels: ['b', 'a', 'é', 'B', '10', '9'],
  tags: { z: '1', a: '2' },
  matrix: [[1, 2.5], []],
  pair: { key: 'k', weight: 1.5 },
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

const cases: readonly Case[] = [
  {
    what: 'computed attributes, an update in place, a replacement',
    type: 'time_offset',
    steps: [
      { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 3 },
      { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 5 },
      { base_rfc3339: '2026-02-01T00:00:00Z', offset_days: 5, triggers: { a: 'b' } },
    ],
  },
  {
    what: 'nothing to do, then a replacement',
    type: 'time_static',
    steps: [
      { rfc3339: '2026-01-30T00:00:00Z' },
      { rfc3339: '2026-01-30T00:00:00Z' },
      { rfc3339: '2027-01-30T00:00:00Z' },
    ],
  },
  {
    what: 'every kind of attribute, nested ones, defaults, a replacement deep inside',
    type: 'fixture_shapes',
    steps: [
      shapes,
      shapes,
      {
        ...shapes,
        text: 'other',
        labels: ['b'],
        rule_set: [{ cidr: 'a' }, { cidr: 'z' }],
        rules: [{ cidr: '10.0.0.0/8' }],
      },
      { ...shapes, place: { city: 'Oslo', zone: 'a' } },
      { name: 'n' },
    ],
  },
  {
    what: 'nested blocks, added, changed and taken away',
    type: 'fixture_blocks',
    steps: [
      {
        name: 'n',
        rule: [{ cidr: 'a', option: [{ key: 'k' }, { key: 'j', value: 'v' }] }],
        member: [{ login: 'y' }, { login: 'x', roles: ['r', 'q'] }],
      },
      {
        name: 'n',
        rule: [{ cidr: 'b', port: 1 }, { cidr: 'a' }],
        member: [{ login: 'x', roles: ['q'] }],
        place: { city: 'c' },
      },
      { name: 'm', place: { zone: 'z' } },
    ],
  },
];

describe('plans and states beside those of the terraform program', () => {
  let folder: string;
  const benches = new Map<string, ProviderBench>();
  before(requireTool('go'));
  before(requireTool('terraform'));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-differential-'));
    const time = await binaryAt(await buildTimeProvider(), timeAddress, timeVersion);
    const fixture = await binaryAt(await buildGoProvider(), fixtureAddress, fixtureVersion);
    benches.set('time', await ProviderBench.open(time));
    benches.set('fixture', await ProviderBench.open(fixture));
    await writeFile(join(folder, 'terraform.rc'), overrides([time.path, fixture.path]));
  });
  after(async () => {
    for (const bench of benches.values()) await bench.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const { what, type, steps } of cases) {
    it(`are equal for ${type}: ${what}`, async () => {
      const bench = benches.get(type.split('_')[0] ?? '');
      assert.ok(bench !== undefined);
      const theirs = await terraformSteps(join(folder, type), type, steps, bench.type(type));
      const ours = await ourSteps(bench, type, steps);
      for (const [at, step] of ours.entries()) assert.deepEqual(step, theirs[at], `step ${at}`);
      assert.equal(ours.length, steps.length);
    });
  }
});

function overrides(paths: readonly string[]): string {
  const [time = '', fixture = ''] = paths.map((path) => dirname(path));
  return `provider_installation {
  dev_overrides {
    "hashicorp/time" = "${time}"
    "sluice/fixture" = "${fixture}"
  }
  direct {}
}
`;
}

async function terraformSteps(folder: string, type: string, steps: readonly Json[], implied: CtyType): Promise<Seen[]> {
  await mkdir(folder);
  const seen: Seen[] = [];
  for (const step of steps) seen.push(await terraformStep(folder, type, step, implied));
  return seen;
}

async function terraformStep(folder: string, type: string, config: Json, implied: CtyType): Promise<Seen> {
  const provider = type.split('_')[0] ?? '';
  const source = provider === 'time' ? timeAddress : fixtureAddress;
  const document = {
    terraform: { required_providers: { [provider]: { source } } },
    resource: { [type]: { it: config } },
  };
  await writeFile(join(folder, 'main.tf.json'), JSON.stringify(document));
  await terraform(folder, 'plan', '-input=false', '-out=the.plan');
  const plan = await terraform(folder, 'show', '-json', 'the.plan');
  await terraform(folder, 'apply', '-input=false', 'the.plan');
  const state = await terraform(folder, 'show', '-json');
  const change = jsonAt(plan, 'resource_changes', 0, 'change');
  return {
    ...theirPlan(change, implied),
    state: comparable(jsonAt(state, 'values', 'root_module', 'resources', 0, 'values'), implied),
  };
}

async function terraform(folder: string, ...args: string[]): Promise<Json> {
  const program = findTool('terraform');
  assert.ok(program !== undefined);
  const env = terraformEnvironment(folder, join(folder, '..', 'terraform.rc'));
  const { stdout } = await run(program, args, { cwd: folder, env, maxBuffer: 1e8 });
  return args[0] === 'show' ? parseJson(stdout) : null;
}

function parseJson(text: string): Json {
  return JSON.parse(text) as Json;
}

async function ourSteps(bench: ProviderBench, type: string, steps: readonly Json[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  let past: Past | undefined;
  for (const config of steps) {
    const step = await ourStep(bench, type, config, past);
    seen.push(step.seen);
    past = step.past;
  }
  return seen;
}

async function ourStep(bench: ProviderBench, type: string, config: Json, past: Past | undefined) {
  const implied = bench.type(type);
  const first = past === undefined ? await bench.planCreate(type, config) : await bench.planUpdate(type, config, past);
  const prior = bench.decode(type, past?.state);
  const replace = replacePaths(first.requiresReplace, prior, bench.decode(type, first.planned));
  const anew = past === undefined || replace.length > 0;
  // a replacement is planned once more as a create: the new object has no past
  const plan = anew ? await bench.planCreate(type, config) : first;
  const planned = bench.decode(type, plan.planned);
  const action = planAction({ prior, planned, replacePaths: replace, tainted: false });
  const made = madeBy(anew ? await bench.applyCreate(type, config, plan) : await bench.update(type, config, past));
  const seen: Seen = {
    actions: [...(actionsOf[action] ?? [action])],
    planned: comparable(parseJson(valueToJson(withoutUnknowns(planned), implied)), implied),
    unknown: unorderedPaths(unknownPaths(planned), implied),
    replace: replace.map(formatPath).toSorted(),
    state: comparable(parseJson(valueToJson(bench.decode(type, made.state), implied)), implied),
  };
  return { seen, past: made };
}
