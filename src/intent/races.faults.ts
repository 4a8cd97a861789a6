import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { campaign, campaignSize, createRandom, type Random, tell } from '../testing/campaign.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import type { GraphqlAnswer, TestServer } from '../testing/server.ts';
import { aKey, read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { startTwoServers, type TwoServers } from '../testing/two-servers.ts';

const SEEDS = { short: 1, tenth: 2, full: 20 };
const CALLS = { short: 12, tenth: 500, full: 10_000 }[campaignSize]; // of each caller
const CALLERS = 8;
const RESOURCES = 20;
const SESSIONS = { short: 12, tenth: 100, full: 100 }[campaignSize];
const CALLS_A_SESSION = 3;

describe('races', function () {
  this.timeout(0);
  const games = campaign('races', SEEDS);
  let both: TwoServers;

  before(requireTool('postgres'));
  before(requireTool('go'));
  before(async () => {
    both = await startTwoServers();
  });
  after(() => both?.stop());

  const newProject = async (id: string): Promise<void> => {
    read(await both.one.graphql(`mutation { intentProjectCreate(name: "${id}") { id } }`));
  };

  it(`of ${CALLERS} callers at two servers for ${RESOURCES} resources lose no update and keep the order of dependencies (${CALLS} calls each, ${games.count} times)`, async () => {
    await games.run(async (random, index) => {
      const project = `races-${index}`;
      await newProject(project);
      const game = new Game(both, project);
      await game.lay();
      const callers = Array.from({ length: CALLERS }, (_, at) => {
        const own = createRandom(`${random.next()} ${at}`);
        return game.play(own, at % 2 === 0 ? both.one : both.two);
      });
      await Promise.all(callers);
      await game.assertEnd();
      tell(game.report());
    });
  });

  it(`of ${SESSIONS} sessions for one project never interleave`, async () => {
    const project = 'sessions';
    await newProject(project);
    const keys = await Promise.all(Array.from({ length: SESSIONS }, () => aKey(both.one, { 'space-admin': 'root' })));
    await Promise.all(keys.map((key, at) => work(key.token, at, project)));
    const rows = await both.postgres.query(
      both.databaseUrl,
      `select session || ' ' || extract(epoch from created_at) || ' ' || extract(epoch from finished_at) || ' ' || fence
        from intent_operation where project = '${project}' and status = 'FINISHED' and kind in ('CREATE', 'IMPORT') order by created_at`,
    );
    assert.equal(rows.length, SESSIONS * CALLS_A_SESSION);
    const stays = staysOf(rows);
    assert.equal(stays.length, SESSIONS, 'each session came once and stayed until it had done all');
    for (const [at, stay] of stays.entries()) {
      const next = stays[at + 1];
      if (next === undefined) continue;
      assert.ok(
        stay.until <= next.from,
        `${stay.session} was at work until ${stay.until}, ${next.session} from ${next.from}`,
      );
      assert.ok(stay.lastFence < next.firstFence, 'the fence moves on from session to session');
    }
    const made = both.cloud
      .objects()
      .map(({ content }) => content)
      .filter((content) => content.startsWith('session '));
    assert.equal(made.length, SESSIONS * CALLS_A_SESSION);
    tell(`${SESSIONS} sessions, ${rows.length} operations, 0 interleaved`);
  });

  /** Waits for the project, does all of its work in it, and leaves it. */
  async function work(token: string, at: number, project: string): Promise<void> {
    const server = at % 2 === 0 ? both.one : both.two;
    const operator = operatorOf({ server: () => server, project, cloud: both.cloud, token });
    for (let call = 0; call < CALLS_A_SESSION; call += 1) {
      const id = `session-${at}-${call}`;
      await untilMade(operator, id, both.cloud.config(id, `session ${at}`, 10));
    }
    read(await server.graphql(`mutation { intentProjectUnlock(id: "${project}") { id } }`, {}, token));
  }

  /** As often as another session is at work, and once more when a starved server was too slow to say that it lives. */
  async function untilMade(operator: Operator, id: string, config: JsonObject): Promise<void> {
    for (;;) {
      const answer = await operator.send('Create', id, { config });
      if (answer.errors.length === 0) return;
      const { code = '', message } = refusal(answer);
      assert.ok(['PROJECT_LOCKED', 'UNAVAILABLE', 'CONFLICT'].includes(code), message);
      if (code === 'CONFLICT') {
        const mine = (await operator.operations()).filter(({ resourceID }) => resourceID === id);
        for (const each of mine.filter(({ status }) => status === 'INTERRUPTED')) await operator.settle(each);
        if ((await operator.resources()).some(({ resourceID }) => resourceID === id)) return;
      }
      await pause(100 + Math.random() * 200);
    }
  }
});

interface Stay {
  readonly session: string;
  readonly from: number;
  until: number;
  readonly firstFence: number;
  lastFence: number;
}

/** Operations in the order of their beginning, those of one session after each other taken together. */
function staysOf(rows: readonly string[]): Stay[] {
  const stays: Stay[] = [];
  for (const row of rows) {
    const [session = '', from, until, fence] = row.split(' ');
    const last = stays.at(-1);
    if (last?.session === session) {
      last.until = Math.max(last.until, Number(until));
      last.lastFence = Number(fence);
    } else {
      stays.push({
        session,
        from: Number(from),
        until: Number(until),
        firstFence: Number(fence),
        lastFence: Number(fence),
      });
    }
  }
  return stays;
}

interface Shown {
  readonly id: string;
  readonly revision: number;
}

/** Callers that change the same resources at the same time, and what must be true of the history that they make. */
class Game {
  readonly #both: TwoServers;
  readonly #project: string;
  readonly #operator: Operator;
  readonly #names: readonly string[];
  /** The newest revision of each object that anybody was told of. */
  readonly #newest = new Map<string, number>();
  #done = 0;
  #refused = 0;

  constructor(both: TwoServers, project: string) {
    this.#both = both;
    this.#project = project;
    this.#operator = operatorOf({ server: () => both.one, project, cloud: both.cloud });
    this.#names = Array.from({ length: RESOURCES }, (_, at) => `${project}-${at}`);
  }

  async lay(): Promise<void> {
    for (const name of this.#names) {
      await this.#operator.carryOut('Create', name, { config: this.#both.cloud.config(name, 'first') });
    }
    // A chain through the first half: none of these may be deleted while it is needed.
    for (const [at, name] of this.#names.slice(1, RESOURCES / 2).entries()) {
      read(await this.#both.one.graphql(ADD, { project: this.#project, from: name, to: this.#names[at] ?? '' }));
    }
  }

  async play(random: Random, server: TestServer): Promise<void> {
    const operator = operatorOf({ server: () => server, project: this.#project, cloud: this.#both.cloud });
    for (let call = 0; call < CALLS; call += 1) {
      const name = random.pick(this.#names);
      const kind = random.next();
      if (kind < 0.6) await this.#change(operator, name, `by ${random.below(1e9)}`);
      else if (kind < 0.75) await this.#count(operator.send('Refresh', name));
      else if (kind < 0.9) await this.#look(operator);
      else await this.#renew(operator, name);
    }
  }

  #change(operator: Operator, name: string, content: string): Promise<boolean> {
    return this.#count(operator.send('Update', name, { config: this.#both.cloud.config(name, content) }));
  }

  /** Deletes and makes anew, which nobody may do to what is needed. */
  async #renew(operator: Operator, name: string): Promise<void> {
    const isNeeded = this.#names.indexOf(name) < RESOURCES / 2 - 1;
    const deleted = await operator.carryOut('Delete', name).then(
      (answer) => answer.status === 'FINISHED',
      () => false,
    );
    assert.ok(!(isNeeded && deleted), `${name} was deleted while another resource needed it`);
    this.#tally(deleted);
    if (deleted) await this.#count(operator.send('Create', name, { config: this.#both.cloud.config(name, 'anew') }));
  }

  /** Whoever looks later never sees an older object. */
  async #look(operator: Operator): Promise<void> {
    const known = new Map(this.#newest);
    for (const { state } of await operator.resources()) {
      const shown = shownIn(state);
      if (shown === undefined) continue;
      const before = known.get(shown.id) ?? 0;
      assert.ok(shown.revision >= before, `revision ${shown.revision} of ${shown.id} was shown after ${before}`);
      this.#newest.set(shown.id, Math.max(shown.revision, this.#newest.get(shown.id) ?? 0));
    }
    this.#tally(true);
  }

  async #count(call: Promise<GraphqlAnswer>): Promise<boolean> {
    const answer = await call;
    const [error] = answer.errors;
    // Two at a time are one too many for a resource; nothing else may be said.
    if (error !== undefined) assert.ok(expected.has(error.extensions?.code ?? ''), error.message);
    this.#tally(error === undefined);
    return error === undefined;
  }

  #tally(isDone: boolean): void {
    if (isDone) this.#done += 1;
    else this.#refused += 1;
  }

  /** What the provider did is what the history says, one by one, and the records show the last of it. */
  async assertEnd(): Promise<void> {
    await this.#operator.settleAll(); // of a server that was too slow to say that it lives
    const operations = await this.#operator.operations();
    assert.deepEqual(
      operations.filter(({ status }) => !['FINISHED', 'FAILED', 'CANCELED', 'AWAITING_CONFIRMATION'].includes(status)),
      [],
    );
    const resources = await this.#operator.resources();
    const ids = new Set<string>();
    for (const { resourceID, state, condition } of resources) {
      const shown = shownIn(state);
      const object = this.#both.cloud.objects().find(({ id }) => id === shown?.id);
      assert.equal(condition, 'OK');
      assert.ok(shown !== undefined && object !== undefined, `${resourceID} has an object`);
      assert.equal(state?.['content'], object.content);
      const updates = this.#both.cloud.effects().filter((line) => line === `update ${shown.id}`).length;
      assert.equal(shown.revision, updates + 1, `${resourceID}: no update is lost`);
      ids.add(shown.id);
    }
    const mine = this.#both.cloud.objects().filter(({ name }) => name.startsWith(`${this.#project}-`));
    assert.deepEqual(mine.map(({ id }) => id).toSorted(), [...ids].toSorted());
    const needed = this.#names.slice(0, RESOURCES / 2);
    assert.ok(needed.every((name) => resources.some(({ resourceID }) => resourceID === name)));
  }

  report(): string {
    return `${this.#done} calls done, ${this.#refused} refused since the resource was busy, needed or gone: 0 updates lost, 0 out of order`;
  }
}

const expected = new Set(['CONFLICT', 'NO_SUCH', 'CONFIRMATION_REQUIRED', 'PLAN_CHANGED', 'UNAVAILABLE']);

const ADD = `mutation($project: ID!, $from: ID!, $to: ID!) {
  intentResourceDependencyAdd(intentProject: $project, from: $from, to: $to) { type } }`;

function shownIn(state: unknown): Shown | undefined {
  const { id, revision } = isJsonObject(state) ? state : {};
  return typeof id === 'string' && typeof revision === 'number' ? { id, revision } : undefined;
}
