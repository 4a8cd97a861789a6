import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import {
  createProviderSource,
  CtyNumber,
  Dynamic,
  equalValues,
  Unknown,
  isValueList,
  isValueMap,
  nullValue,
  type ProviderBinary,
  type Value,
} from '../providers/index.ts';
import { formatPath } from '../shared/problems.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import {
  buildGoProvider,
  buildTimeProvider,
  fixtureAddress,
  fixtureVersion,
  timeAddress,
  timeVersion,
} from './go-provider.ts';
import { binaryAt, madeBy, ProviderBench } from './provider-bench.ts';
import { sandboxFolder, terraformFolder, type TerraformFolder } from './terraform.ts';
import { requireTool } from './tools.ts';

// The same configurations go to our engine and to the terraform binary; plans and states must be the same. Values are
// compared leaf by leaf under their paths, unknown ones by path alone.

interface Case {
  readonly provider: 'fixture' | 'time' | 'sandbox';
  readonly type: string;
  /** The first is created; each later one changes the object that terraform made of the one before. */
  readonly configs: readonly JsonObject[];
  /** What each change has to be, so that agreement about nothing would show. */
  readonly actions: readonly ('create' | 'update' | 'replace' | 'no-op')[];
  /** Computed at random: compared by presence alone. */
  readonly random: readonly string[];
}

const shapes = {
  name: 'n',
  text: 'a',
  count_of: 42,
  ratio: 0.1,
  items: ['b', 'a'],
  labels: ['z', 'y', 'é'],
  tags: { b: '1', a: '2', __proto___: 'x' },
  matrix: [[1, 2], [], [3.5]],
  pair: { key: 'k', weight: 1.5 },
  secret: 's3cret',
  token: 'write-only',
  place: { city: 'c', zone: 'z' },
  rules: [{ cidr: '10.0.0.0/8', ports: [1, 2], key: 'kk' }, { cidr: 'x' }],
  rule_set: [{ cidr: '10.0.0.0/8' }, { cidr: 'x', level: 'high' }],
  rule_map: { a: { cidr: 'm' } },
} as const;

const blocks = {
  name: 'b',
  rule: [
    { cidr: '1', option: [{ key: 'k', value: 'v' }, { key: 'l' }] },
    { cidr: '2', port: 80 },
  ],
  member: [{ login: 'm', roles: ['r', 'q'] }, { login: 'n' }],
  place: { city: 'x' },
};

const cases: readonly Case[] = [
  {
    provider: 'time',
    type: 'time_offset',
    configs: [
      { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 3 },
      { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 4 },
      { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 4, triggers: { a: '1' } },
    ],
    actions: ['create', 'update', 'replace'],
    random: [],
  },
  {
    provider: 'time',
    type: 'time_static',
    configs: [
      { rfc3339: '2026-01-30T00:00:00Z' },
      { rfc3339: '2026-01-30T00:00:00Z' },
      { rfc3339: '2027-01-30T00:00:00Z' },
    ],
    actions: ['create', 'no-op', 'replace'],
    random: [],
  },
  {
    provider: 'fixture',
    type: 'fixture_shapes',
    configs: [
      shapes,
      shapes,
      { ...shapes, text: 'b', rules: [{ cidr: 'new' }, ...shapes.rules], labels: [], token_version: 2 },
      { ...shapes, place: { city: 'd', zone: 'y' } },
      { name: 'n' },
      { name: 'other' },
    ],
    actions: ['create', 'no-op', 'update', 'replace', 'update', 'replace'],
    random: ['id'],
  },
  {
    provider: 'fixture',
    type: 'fixture_blocks',
    configs: [
      blocks,
      { ...blocks, rule: [{ cidr: '0' }, ...blocks.rule], member: [{ login: 'n', roles: ['z'] }] },
      { ...blocks, place: { city: 'x', zone: 'z' } },
      { name: 'b' },
    ],
    actions: ['create', 'update', 'replace', 'update'],
    random: ['id'],
  },
  {
    provider: 'fixture',
    type: 'fixture_object',
    configs: [
      { name: 'a', content: 'x' },
      { name: 'a', content: 'y' },
      { name: 'b', content: 'y' },
    ],
    actions: ['create', 'update', 'replace'],
    random: ['id'],
  },
  {
    provider: 'sandbox',
    type: 'sandbox_file',
    configs: [
      { path: 'a', content: 'x' },
      { path: 'a', content: 'y', mode: '0600' },
      { path: 'a', sensitive_content: 'z' },
      { path: 'b', content: 'y' },
    ],
    actions: ['create', 'update', 'update', 'replace'],
    random: [],
  },
  {
    provider: 'sandbox',
    type: 'sandbox_pet',
    configs: [{ length: 3 }, { length: 3 }, { length: 3, keepers: { a: '1' } }],
    actions: ['create', 'no-op', 'replace'],
    random: ['id'],
  },
];

describe('our engine and the terraform binary', function () {
  this.timeout(180_000);
  before(requireTool('go'));
  before(requireTool('terraform'));

  let base: string;
  let benches: Record<Case['provider'], ProviderBench>;
  let folders: Record<Case['provider'], string>;
  const roots: Record<'ours' | 'theirs', string> = { ours: '', theirs: '' };

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'sluice-agree-'));
    for (const side of ['ours', 'theirs'] as const) mkdirSync((roots[side] = join(base, side)));
    const environment = { FIXTURE_DIR: roots.ours, SLUICE_SANDBOX_ROOT: roots.ours };
    const fixture = await buildGoProvider();
    const time = await buildTimeProvider();
    folders = { fixture: dirname(fixture), time: dirname(time), sandbox: sandboxFolder };
    benches = {
      fixture: await ProviderBench.open(await binaryAt(fixture, fixtureAddress, fixtureVersion), { environment }),
      time: await ProviderBench.open(await binaryAt(time, timeAddress, timeVersion)),
      sandbox: await ProviderBench.open(await sandboxBinary(base), { environment }),
    };
  });
  after(async () => {
    for (const bench of Object.values(benches ?? {})) await bench.close();
    rmSync(base, { recursive: true, force: true });
  });

  for (const each of cases) {
    it(`agree on ${each.type}: ${each.actions.join(', ')}`, async () => {
      const environment = { FIXTURE_DIR: roots.theirs, SLUICE_SANDBOX_ROOT: roots.theirs };
      const address = each.provider === 'time' ? timeAddress : `sluice/${each.provider}`;
      const folder = join(base, each.type);
      const terraform = terraformFolder(folder, { [address]: folders[each.provider] }, environment);
      let prior: JsonObject | undefined;
      for (const [at, config] of each.configs.entries()) {
        await compareChange(each, at, config, prior, terraform, folder);
        prior = terraform.attributes(`${each.type}.it`);
      }
    });
  }

  async function compareChange(
    { provider, type, actions, random }: Case,
    at: number,
    config: JsonObject,
    prior: JsonObject | undefined,
    terraform: TerraformFolder,
    folder: string,
  ): Promise<void> {
    const bench = benches[provider];
    terraform.write('');
    writeFileSync(join(folder, 'it.tf.json'), JSON.stringify({ resource: { [type]: { it: config } } }));
    terraform.run(['plan', '-no-color', '-input=false', '-out=plan']);
    const theirs = readChange(terraform.show('plan'), `${type}.it`);
    const ours = await planOurs(bench, type, config, prior);
    const where = `${type} change ${at}`;

    assert.equal(theirs.action, actions[at], `${where}: what terraform does`);
    assert.equal(ours.action, theirs.action, `${where}: action`);
    assert.deepEqual(ours.replacedBy, theirs.replacedBy, `${where}: what forces a new object`);
    assert.deepEqual(ours.leaves.unknown, theirs.leaves.unknown, `${where}: what is unknown`);
    assert.deepEqual(ours.leaves.known, theirs.leaves.known, `${where}: what is known`);

    syncRoots(); // both sides start each apply from the same outside world
    terraform.run(['apply', '-no-color', '-input=false', 'plan']);
    const state = bench.decode(type, await ours.apply());
    const made = terraform.attributes(`${type}.it`);
    assert.ok(made);
    assert.deepEqual(
      without(leavesOf(state).known, random),
      without(leavesOfJson(made, {}).known, random),
      `${where}: state`,
    );
  }

  /** Objects are files with random names: ours get the ones that terraform made. */
  function syncRoots(): void {
    rmSync(roots.ours, { recursive: true });
    mkdirSync(roots.ours);
    for (const name of readdirSync(roots.theirs)) copyFileSync(join(roots.theirs, name), join(roots.ours, name));
  }
});

/** Known leaves as texts by path, and the paths of what is unknown. */
interface Leaves {
  readonly known: Record<string, string>;
  readonly unknown: string[];
}

interface Change {
  readonly action: string;
  readonly replacedBy: string[];
  readonly leaves: Leaves;
}

type Path = readonly (string | number)[];

async function planOurs(
  bench: ProviderBench,
  type: string,
  config: JsonObject,
  prior: JsonObject | undefined,
): Promise<Change & { apply(): Promise<Uint8Array> }> {
  if (prior === undefined) {
    const plan = await bench.planCreate(type, config);
    const apply = async () => madeBy(await bench.applyCreate(type, config, plan)).state;
    return { action: 'create', replacedBy: [], leaves: leavesOf(bench.decode(type, plan.planned)), apply };
  }
  const { version } = bench.resource(type);
  const { state } = await bench.executor.upgradeState(bench.session, {
    type,
    version,
    stateJson: JSON.stringify(prior),
  });
  const past = { state, private: new Uint8Array() };
  const plan = await bench.planUpdate(type, config, past);
  if (equalValues(bench.decode(type, plan.planned), bench.decode(type, state))) {
    return { action: 'no-op', replacedBy: [], leaves: leavesOf(bench.decode(type, state)), apply: async () => state };
  }
  if (plan.requiresReplace.length > 0) return planReplacement(bench, type, config, state, plan.requiresReplace);
  const apply = async () => madeBy(await bench.update(type, config, past)).state;
  return { action: 'update', replacedBy: [], leaves: leavesOf(bench.decode(type, plan.planned)), apply };
}

async function planReplacement(
  bench: ProviderBench,
  type: string,
  config: JsonObject,
  state: Uint8Array,
  paths: readonly Path[],
) {
  const plan = await bench.planCreate(type, config);
  const apply = async (): Promise<Uint8Array> => {
    const gone = { type, prior: state, planned: nullValue, config: nullValue, plannedPrivate: new Uint8Array() };
    const { problems } = await bench.executor.apply(bench.session, gone);
    assert.deepEqual(problems, []);
    return madeBy(await bench.applyCreate(type, config, plan)).state;
  };
  const replacedBy = paths.map(formatPath).toSorted();
  return { action: 'replace', replacedBy, leaves: leavesOf(bench.decode(type, plan.planned)), apply };
}

function readChange(plan: Json, address: string): Change {
  const changes = member(plan, 'resource_changes');
  const list: readonly Json[] = Array.isArray(changes) ? changes : [];
  const change = member(list.find((each) => member(each, 'address') === address) ?? null, 'change');
  const actions = member(change, 'actions');
  assert.ok(Array.isArray(actions));
  const paths = member(change, 'replace_paths');
  const replacedBy = Array.isArray(paths) ? paths.map((path: Json) => formatPath(asPath(path))).toSorted() : [];
  const action = actions.join('-') === 'delete-create' ? 'replace' : actions.join('-');
  return { action, replacedBy, leaves: leavesOfJson(member(change, 'after'), member(change, 'after_unknown')) };
}

function asPath(path: Json): Path {
  assert.ok(Array.isArray(path));
  return path.filter((step) => typeof step === 'string' || typeof step === 'number');
}

function leavesOf(value: Value): Leaves {
  const leaves: Leaves = { known: {}, unknown: [] };
  const walk = (part: Value, path: Path): void => {
    if (part instanceof Dynamic) walk(part.value, path);
    else if (part instanceof Unknown) leaves.unknown.push(formatPath(path));
    else if (isValueMap(part)) for (const [name, inner] of part) walk(inner, [...path, name]);
    else if (isValueList(part)) walkList(part, path, walk, leaves);
    else if (part !== null)
      leaves.known[formatPath(path)] = part instanceof CtyNumber ? part.toString() : JSON.stringify(part);
  };
  walk(value, []);
  return sorted(leaves);
}

function leavesOfJson(known: Json, unknownPaths: Json): Leaves {
  const leaves: Leaves = { known: {}, unknown: [] };
  const walk = (part: Json, path: Path): void => {
    if (isJsonObject(part)) for (const [name, inner] of Object.entries(part)) walk(inner, [...path, name]);
    else if (Array.isArray(part)) walkList(part, path, walk, leaves);
    else if (part !== null) leaves.known[formatPath(path)] = JSON.stringify(part);
  };
  const walkUnknown = (part: Json, path: Path): void => {
    if (part === true) leaves.unknown.push(formatPath(path));
    else if (isJsonObject(part)) for (const [name, inner] of Object.entries(part)) walkUnknown(inner, [...path, name]);
    else if (Array.isArray(part)) part.forEach((inner: Json, at) => walkUnknown(inner, [...path, at]));
  };
  walk(known, []);
  walkUnknown(unknownPaths, []);
  return sorted(leaves);
}

function walkList<T>(list: readonly T[], path: Path, walk: (part: T, path: Path) => void, leaves: Leaves): void {
  if (list.length === 0) leaves.known[formatPath(path)] = '[]';
  list.forEach((part, at) => walk(part, [...path, at]));
}

function sorted({ known, unknown }: Leaves): Leaves {
  return {
    known: Object.fromEntries(Object.entries(known).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    unknown: unknown.toSorted(),
  };
}

function without(known: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(known).map(([path, text]) => [path, names.includes(path) ? 'random' : text]),
  );
}

function member(value: Json, name: string): Json {
  return isJsonObject(value) ? (value[name] ?? null) : null;
}

function sandboxBinary(base: string): Promise<ProviderBinary> {
  const options = {
    allowed: [{ address: 'sluice/sandbox' }],
    cacheDir: join(base, 'cache'),
    lockFile: join(base, 'lock.hcl'),
  };
  return createProviderSource(options).resolve('sluice/sandbox');
}
