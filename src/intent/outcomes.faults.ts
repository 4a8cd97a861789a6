import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { campaign } from '../testing/campaign.ts';
import { goCloud } from '../testing/clouds.ts';
import { processesWith } from '../testing/processes.ts';
import { type Operator, operatorOf, type Resource } from '../testing/operator.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { type TerraformFolder, terraformFolder } from '../testing/terraform.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

/**
 * What an operation has come to, seen in the record that is left:
 * - done, nothing (nothing was done, and the record says so), kept (the record shows what is there, after a failure);
 * - tainted (what is there is recorded, as not to be trusted), unsure (the record says that nobody knows);
 * - forgotten (something is there of which no record tells), stale (the record shows what is no more).
 */
type Outcome = 'done' | 'nothing' | 'kept' | 'tainted' | 'unsure' | 'forgotten' | 'stale';

type Kind = 'create' | 'update' | 'delete';

interface Case {
  readonly kind: Kind;
  readonly call: string;
  readonly fault: string;
  readonly terraform: Outcome;
  /** Where it differs from what terraform comes to. */
  readonly ours?: Outcome;
}

const APPLY = 'ApplyResourceChange';
const PLAN = 'PlanResourceChange';

// Ours differs in one thing: a provider that was told to act and gave no answer that can be understood may have acted.
// Terraform leaves its state as it was, which is right only if nothing was done; we record that nobody knows.
const differences: readonly Case[] = [
  { kind: 'create', call: APPLY, fault: 'crash_after', terraform: 'forgotten', ours: 'unsure' },
  { kind: 'delete', call: APPLY, fault: 'crash_after', terraform: 'stale', ours: 'unsure' },
  { kind: 'create', call: APPLY, fault: 'wrong_type', terraform: 'forgotten', ours: 'unsure' },
  { kind: 'create', call: APPLY, fault: 'crash_before', terraform: 'nothing', ours: 'unsure' },
  { kind: 'update', call: APPLY, fault: 'crash_before', terraform: 'nothing', ours: 'unsure' },
  { kind: 'update', call: APPLY, fault: 'crash_after', terraform: 'stale', ours: 'unsure' },
  { kind: 'update', call: APPLY, fault: 'wrong_type', terraform: 'stale', ours: 'unsure' },
  { kind: 'delete', call: APPLY, fault: 'crash_before', terraform: 'nothing', ours: 'unsure' },
  { kind: 'delete', call: APPLY, fault: 'wrong_type', terraform: 'stale', ours: 'unsure' },
];

type Outcomes = Readonly<Partial<Record<Kind, Outcome>>>;

const each = (outcome: Outcome): Outcomes => ({ create: outcome, update: outcome, delete: outcome });

/** By call and fault. A provider that says that it failed and shows nothing is believed by both, though it lies. */
const same: readonly (readonly [call: string, fault: string, outcomes: Outcomes])[] = [
  [APPLY, 'change_state', { create: 'tainted', update: 'kept', delete: 'done' }],
  [APPLY, 'error_after', { create: 'tainted', update: 'kept', delete: 'stale' }],
  [APPLY, 'leave_unknown', { create: 'tainted', update: 'kept', delete: 'done' }],
  [APPLY, 'lose_state', { create: 'forgotten', update: 'stale', delete: 'stale' }],
  [APPLY, 'error_before', each('nothing')],
  [APPLY, 'noise', each('done')],
  [APPLY, 'slow', each('done')],
  [PLAN, 'change_state', { create: 'nothing', update: 'nothing', delete: 'done' }],
  [PLAN, 'crash_before', each('nothing')],
  [PLAN, 'error_after', each('nothing')],
  [PLAN, 'wrong_type', each('nothing')],
  ...['ValidateResourceConfig', 'ConfigureProvider'].flatMap((call) => [
    [call, 'crash_before', { create: 'nothing', update: 'nothing' }] as const,
    [call, 'error_before', { create: 'nothing', update: 'nothing' }] as const,
    [call, 'noise', { create: 'done', update: 'done' }] as const,
  ]),
  ...['crash_before', 'error_before', 'wrong_type'].map(
    (fault) => ['ReadResource', fault, { update: 'nothing', delete: 'nothing' }] as const,
  ),
];

const kinds = ['create', 'update', 'delete'] as const;

const alike = same.flatMap(([call, fault, outcomes]): Case[] =>
  kinds.flatMap((kind) => {
    const terraform = outcomes[kind];
    return terraform === undefined ? [] : [{ kind, call, fault, terraform }];
  }),
);

/** Of each sort some at the start, which are all that the short form runs. */
const cases = [...differences.slice(0, 2), ...alike.slice(0, 3), ...differences.slice(2), ...alike.slice(3)];

describe('outcomes beside terraform', function () {
  this.timeout(0);
  let folder: string;
  let bench: Bench;

  before(requireTool('go'));
  before(requireTool('terraform'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-outcomes-'));
    bench = await openBench(folder);
  });
  after(async () => {
    await bench?.server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const some = campaign('outcomes beside terraform', { short: 5, tenth: cases.length, full: cases.length });

  it(`are the same, or are told of: ${some.count} faults`, async () => {
    await some.run(async (_random, index) => {
      const one = cases[index] ?? assert.fail('there are as many cases');
      const theirs = withTerraform(bench, one, index);
      const ours = await withServer(bench, one, index);
      assert.deepEqual(
        { terraform: theirs, ours },
        { terraform: one.terraform, ours: one.ours ?? one.terraform },
        name(one),
      );
    });
  });
});

const name = ({ kind, call, fault }: Case): string => `${kind}, ${call} ${fault}`;

interface Bench {
  readonly folder: string;
  readonly cloud: Awaited<ReturnType<typeof goCloud>>;
  readonly server: TestServer;
  readonly operator: Operator;
  /** No fault when left out. */
  readonly fail: (fault?: Case) => void;
}

async function openBench(folder: string): Promise<Bench> {
  const faults = join(folder, 'cloud', 'faults.txt');
  const cloud = await goCloud(folder, { FIXTURE_FAULTS: `@${faults}` });
  const fail = (one?: Case): void =>
    writeFileSync(faults, one === undefined ? '[]' : JSON.stringify([{ call: one.call, do: one.fault, ms: 700 }]));
  fail();
  const server = await startTestServer({
    dataDir: join(folder, 'data'),
    settings: { ...cloud.settings, SLUICE_PROVIDER_IDLE_MS: '200' },
  });
  await server.graphql('mutation { intentProjectCreate(name: "outcomes") { id } }');
  const operator = operatorOf({ server: () => server, project: 'outcomes', cloud });
  return { folder, cloud, server, operator, fail };
}

/** What is recorded of one object, by whichever program. */
interface Recorded {
  readonly id: unknown;
  readonly content: unknown;
  readonly mark: 'tainted' | 'unsure' | undefined;
}

/** @param recorded undefined where there is no record */
function outcomeOf(
  { cloud }: Bench,
  thing: string,
  went: boolean,
  effects: number,
  recorded: Recorded | undefined,
): Outcome {
  const there = cloud.objects().find((each) => each.name === thing);
  if (recorded?.mark !== undefined) return recorded.mark;
  const isTrue =
    recorded === undefined ? there === undefined : recorded.id === there?.id && recorded.content === there?.content;
  if (!isTrue) return recorded === undefined ? 'forgotten' : 'stale';
  if (went) return 'done';
  return effects === 0 ? 'nothing' : 'kept';
}

// ---- terraform

function withTerraform(bench: Bench, one: Case, index: number): Outcome {
  const { cloud, fail } = bench;
  const thing = `theirs-${index}`;
  const place = join(bench.folder, thing);
  const terraform = terraformFolder(place, { [cloud.address]: bench.folder });
  fail();
  if (one.kind !== 'create') {
    terraform.write(configOf(thing, 'old'));
    apply(terraform);
  }
  const before = cloud.effects().length;
  fail(one);
  terraform.write(one.kind === 'delete' ? '' : configOf(thing, one.kind === 'update' ? 'new' : 'old'));
  const went = apply(terraform, [0, 1]).includes('Apply complete!');
  fail();
  return outcomeOf(bench, thing, went, cloud.effects().length - before, inState(place));
}

const configOf = (thing: string, content: string): string =>
  `resource "fixture_object" "it" {\n  name = "${thing}"\n  content = "${content}"\n}\n`;

function apply(terraform: TerraformFolder, expected: readonly number[] = [0]): string {
  return terraform.run(['apply', '-auto-approve', '-input=false', '-no-color'], expected);
}

function inState(place: string): Recorded | undefined {
  const file = join(place, 'terraform.tfstate');
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, 'utf8')) as State;
  const [found] = state.resources.flatMap(({ instances }) => instances);
  if (found === undefined) return undefined;
  const { id, content } = found.attributes;
  return { id, content, mark: found.status === 'tainted' ? 'tainted' : undefined };
}

interface State {
  readonly resources: readonly {
    readonly instances: readonly {
      readonly status?: string;
      readonly attributes: { readonly id: unknown; readonly content: unknown };
    }[];
  }[];
}

// ---- the server

async function withServer(bench: Bench, one: Case, index: number): Promise<Outcome> {
  const { cloud, operator, fail } = bench;
  const thing = `ours-${index}`;
  fail();
  if (one.kind !== 'create') await operator.carryOut('Create', thing, { config: cloud.config(thing, 'old') });
  const before = cloud.effects().length;
  if (one.call === 'ConfigureProvider') await untilIdle(bench);
  fail(one);
  const status = await act(operator, cloud.config(thing, one.kind === 'update' ? 'new' : 'old'), one.kind, thing);
  fail();
  const resource = (await operator.resources()).find(({ resourceID }) => resourceID === thing);
  return outcomeOf(bench, thing, status === 'FINISHED', cloud.effects().length - before, inRecord(resource));
}

/** A call that only a provider gets which is started anew. */
async function untilIdle({ cloud }: Bench): Promise<void> {
  const own = `FIXTURE_DIR=${cloud.directory}`;
  await until(() => processesWith(own, 'environ').length === 0, { what: 'no provider at work' });
}

const verbs = { create: 'Create', update: 'Update', delete: 'Delete' } as const;

async function act(operator: Operator, config: Resource['state'], kind: Kind, thing: string): Promise<string> {
  const given = kind === 'delete' || config === null ? {} : { config };
  return operator.carryOut(verbs[kind], thing, given).then(
    ({ status }) => status,
    () => 'refused',
  );
}

function inRecord(resource: Resource | undefined): Recorded | undefined {
  if (resource === undefined || resource.condition === 'GONE') return undefined;
  const marks: Readonly<Record<string, Recorded['mark']>> = { TAINTED: 'tainted', INDETERMINATE: 'unsure' };
  const { state, condition } = resource;
  return { id: state?.['id'], content: state?.['content'], mark: marks[condition] };
}
