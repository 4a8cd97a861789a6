import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { campaign, tell } from '../testing/campaign.ts';
import { type Cloud, goCloud } from '../testing/clouds.ts';
import { type HeldServer, startHeldServer } from '../testing/held-server.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import { read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const SHOWN_WITHIN_MS = 5_000; // of the moment at which the next server is ready
const MOST_TRIES = 6;

// In order; the first ones come while a set is planned, the others while it is applied.
const planning = ['planMember', 'writePlans'];
const applying = ['planAgainInSet', 'judgeAgainInSet', 'applyChange', 'callProvider', 'recordOutcome', 'finishSet'];
const resuming = ['openProject', 'loadProvider', 'claimInterruptedOperation', 'settleByReading', 'recordOutcome'];
const reading = ['judgeRead', 'recordRead', 'read'];

interface ChangeSet {
  readonly id: string;
  readonly status: string;
}

describe('a kill in the middle of', function () {
  this.timeout(0);
  let folder: string;
  let cloud: Required<Cloud>;
  let server: HeldServer;

  before(requireTool('go'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-followups-'));
    cloud = await goCloud(folder);
    server = await start();
  });
  after(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const start = (): Promise<HeldServer> => startHeldServer({ dataDir: join(folder, 'data'), settings: cloud.settings });
  const restart = async (): Promise<void> => {
    await server.kill();
    server = await start();
  };
  const newProject = async (project: string): Promise<Operator> => {
    read(await server.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
    return operatorOf({ server: () => server, project, cloud });
  };
  const ask = async <T>(document: string, variables: JsonObject): Promise<T> =>
    read<{ answer: T }>(await server.graphql(document, variables)).answer;
  /** Sends what will be held: its server dies before it answers. */
  const hold = async (step: string, send: () => Promise<unknown>): Promise<void> => {
    const { held } = await server.holdBefore(step);
    send().catch(() => undefined);
    await held;
  };

  const sets = campaign('change sets', { short: 1, tenth: 2, full: 20 });
  it(`change sets, at each of their steps, comes to the same end as none (${sets.count} kills)`, async () => {
    await sets.run(async (_random, index) => {
      const steps = [...planning, ...applying];
      const projectOf = (step: string): string => `sets-${index}-${step.toLowerCase()}`;
      for (const step of steps) await holdSet(step, projectOf(step));
      await restart();
      for (const step of steps) await finishSet(projectOf(step));
      assert.deepEqual(doneTwice(cloud), []);
      tell(`server killed with ${steps.length} change sets under way, each at a step of its own`);
    });
  });

  async function holdSet(step: string, project: string): Promise<void> {
    await newProject(project);
    const [first, second] = [`${project}-a`, `${project}-b`];
    const create = (resourceID: string, content: string): JsonObject => ({
      kind: 'CREATE', resourceID, provider: cloud.address, type: cloud.type, config: cloud.config(resourceID, content),
    }); // prettier-ignore
    const changes = [create(first, 'first'), create(second, `after \${${first}.id}`)];
    const plan = () => ask<ChangeSet>(CREATE_SET, { project, changes });
    if (planning.includes(step)) return hold(step, plan);
    const { id } = await plan();
    return hold(step, () => server.graphql(APPLY_SET, { project, id }));
  }

  async function finishSet(project: string): Promise<void> {
    const operator = operatorOf({ server: () => server, project, cloud });
    const look = async (): Promise<ChangeSet> => {
      const { changeSets } = await ask<{ changeSets: ChangeSet[] }>(LIST_SETS, { project });
      const [set] = changeSets;
      assert.ok(set !== undefined, `the change set of ${project} is there`);
      return set;
    };
    await until(async () => (await look()).status === 'INTERRUPTED', {
      what: `the set of ${project} shown as interrupted`,
      withinMs: SHOWN_WITHIN_MS,
    });
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { id, status } = await look();
      if (status === 'FINISHED') break;
      // What is refused is seen in the next look; what nobody can know but a person is looked up.
      await server.graphql(status === 'PLANNED' ? APPLY_SET : RESUME_SET, { project, id });
      for (const { resourceID, condition } of await operator.resources()) {
        if (condition === 'INDETERMINATE') await operator.settleByHand(resourceID);
      }
    }
    assert.equal((await look()).status, 'FINISHED');
    await assertWhole(operator, project);
  }

  async function assertWhole(operator: Operator, project: string): Promise<void> {
    const resources = await operator.resources();
    const objects = cloud.objects().filter(({ name }) => name.startsWith(`${project}-`));
    const [first, second] = [`${project}-a`, `${project}-b`].map(
      (name) => resources.find(({ resourceID }) => resourceID === name)?.state ?? {},
    );
    const ids = [first?.['id'], second?.['id']].filter((id) => typeof id === 'string');
    assert.deepEqual(objects.map(({ id }) => id).toSorted(), ids.toSorted());
    assert.equal(second?.['content'], `after ${ids[0]}`);
  }

  const resumes = campaign('a resume', { short: 1, tenth: 2, full: 20 });
  it(`a resume, at each of its steps, leaves it to be resumed again (${resumes.count} times two kills)`, async () => {
    await resumes.run(async (_random, index) => {
      // Each in a project of its own: nobody settles an operation while others are at work beside it.
      const idOf = (step: string): string => `resumes-${index}-${step.toLowerCase()}`;
      const operators = new Map<string, Operator>();
      for (const step of resuming) {
        const id = idOf(step);
        const operator = await newProject(id);
        operators.set(step, operator);
        await operator.carryOut('Create', id, { config: cloud.config(id, 'old') });
        await hold('recordOutcome', () => operator.send('Update', id, { config: cloud.config(id, 'new'), wait: 0 }));
      }
      await restart();
      for (const [step, operator] of operators) {
        const left = (await operator.operations()).find(({ status }) => status === 'INTERRUPTED');
        await hold(step, () => operator.resume(left?.id ?? ''));
      }
      await restart();
      for (const operator of operators.values()) {
        await operator.settleAll();
        const ends = (await operator.resources()).map(({ condition, state }) => [condition, state?.['content']]);
        assert.deepEqual(ends, [['OK', 'new']]);
      }
      assert.deepEqual(doneTwice(cloud), []);
      tell(`server killed with ${resuming.length} operations being resumed, each at a step of its own`);
    });
  });

  it('reads of data, at each of their steps, leaves nothing behind', async () => {
    const operator = await newProject('reads');
    await operator.carryOut('Create', 'reads-one', { config: cloud.config('reads-one', 'made') });
    const object = cloud.objects().find(({ name }) => name === 'reads-one');
    assert.ok(object !== undefined);
    const variables = { project: 'reads', provider: cloud.address, ...cloud.dataSource(object) };
    const before = cloud.effects();
    for (const step of reading) await hold(step, () => server.graphql(READ, variables));
    await restart();
    assert.equal((await operator.operations()).length, 1);
    assert.deepEqual(cloud.effects(), before);
    const { result } = await ask<{ result: JsonObject }>(READ, variables);
    assert.equal(result['content'], 'made');
  });
});

/** Objects that were changed more than once, where each was to be changed once at most. */
function doneTwice(cloud: Required<Cloud>): string[] {
  const effects = cloud.effects();
  return effects.filter((line, at) => effects.indexOf(line) !== at);
}

const CREATE_SET = `mutation($project: ID!, $changes: [IntentChangeInput!]!) {
  answer: intentChangeSetCreate(intentProject: $project, changes: $changes) { id status } }`;
const APPLY_SET = `mutation($project: ID!, $id: ID!) {
  answer: intentChangeSetApply(intentProject: $project, id: $id) { id status } }`;
const RESUME_SET = `mutation($project: ID!, $id: ID!) {
  answer: intentChangeSetResume(intentProject: $project, id: $id) { id status } }`;
const LIST_SETS = `query($project: ID!) { answer: intentChangeSets(intentProject: $project) { changeSets { id status } } }`;
const READ = `query($project: ID!, $provider: String!, $type: String!, $config: JSON!) {
  answer: intentDataSourceRead(intentProject: $project, provider: $provider, type: $type, config: $config) { result } }`;
