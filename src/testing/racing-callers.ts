import assert from 'node:assert/strict';

import { isJsonObject } from '../shared/json.ts';
import { createRandom, type Random } from './campaign.ts';
import { type Operator, operatorOf } from './operator.ts';
import type { GraphqlAnswer, TestServer } from './server.ts';
import { read } from './shared-server.ts';
import type { TwoServers } from './two-servers.ts';

export interface Race {
  readonly both: TwoServers;
  /** A new project of its own. */
  readonly project: string;
  readonly resources: number;
  readonly callers: number;
  /** Of each caller. */
  readonly calls: number;
}

interface Shown {
  readonly id: string;
  readonly revision: number;
}

const HOT = 3; // resources that most calls are about

// Two at a time are one too many for a resource, and a circle of needs is refused; nothing else may be said.
const expected = new Set(['CONFLICT', 'NO_SUCH', 'CONFIRMATION_REQUIRED', 'PLAN_CHANGED', 'UNAVAILABLE', 'BAD_INPUT']);

/** Callers that change the same resources at the same time, and what must be true of the history that they make. */
export class RacingCallers {
  readonly #race: Race;
  readonly #operator: Operator;
  readonly #names: readonly string[];
  /** The newest revision of each object that anybody was told of. */
  readonly #newest = new Map<string, number>();
  /** Needs that somebody was told of and that nobody has tried to end since, each with a mark of its own. */
  readonly #needs = new Map<string, symbol>();
  /** Of each resource, how often somebody tried to end what it needs, and how many try now. */
  readonly #endings = new Map<string, { begun: number; underWay: number }>();
  #done = 0;
  readonly #refused = new Map<string, number>();

  constructor(race: Race) {
    const { both, project } = race;
    this.#race = race;
    this.#operator = operatorOf({ server: () => both.one, project, cloud: both.cloud });
    this.#names = Array.from({ length: race.resources }, (_, at) => `${project}-${at}`);
  }

  /** All of it; what must hold is seen to at every call and at the end. */
  async run(random: Random): Promise<void> {
    const { both, callers } = this.#race;
    await this.#lay();
    const seeds = Array.from({ length: callers }, (_, at) => `${random.next()} ${at}`);
    await Promise.all(seeds.map((seed, at) => this.#play(createRandom(seed), at % 2 === 0 ? both.one : both.two)));
    await this.#settle();
    await this.#assertEnd();
  }

  report(): string {
    const refused = [...this.#refused].map(([code, count]) => `${code} ${count}`).join(', ');
    return `${this.#done} calls done, refused: ${refused}; 0 updates lost, 0 out of order, 0 deleted while needed`;
  }

  async #lay(): Promise<void> {
    const { both } = this.#race;
    for (const name of this.#names) {
      await this.#operator.carryOut('Create', name, { config: both.cloud.config(name, 'first') });
    }
    // A chain through the first half, whose top is left alone: none of these may be deleted, as each is needed.
    for (const [at, to] of this.#chain.slice(0, -1).entries()) {
      await this.#tie(both.one, this.#names[at + 1] ?? '', to);
    }
    assert.equal(this.#needs.size, this.#chain.length - 1);
  }

  get #chain(): readonly string[] {
    return this.#names.slice(0, this.#names.length / 2);
  }

  /** The first of the chain and the last of all are hot. */
  #pick(random: Random): string {
    if (random.chance(0.7)) return this.#names.at(-random.below(HOT)) ?? '';
    const top = this.#chain.at(-1);
    return random.pick(this.#names.filter((name) => name !== top));
  }

  async #play(random: Random, server: TestServer): Promise<void> {
    const { both, project, calls } = this.#race;
    const operator = operatorOf({ server: () => server, project, cloud: both.cloud });
    for (let call = 0; call < calls; call += 1) {
      const name = this.#pick(random);
      const kind = random.next();
      if (kind < 0.5) await this.#change(operator, name, `by ${random.below(1e9)}`);
      else if (kind < 0.65) await this.#count(operator.send('Refresh', name));
      else if (kind < 0.75) await this.#look(operator);
      else if (kind < 0.85) await this.#renew(operator, name);
      else await this.#retie(random, server);
    }
  }

  #change(operator: Operator, name: string, content: string): Promise<GraphqlAnswer | undefined> {
    return this.#count(operator.send('Update', name, { config: this.#race.both.cloud.config(name, content) }));
  }

  /** Deletes and makes anew, which nobody may do to what is needed. */
  async #renew(operator: Operator, name: string): Promise<void> {
    const asked = await this.#count(operator.send('Delete', name));
    const token = tokenIn(asked);
    if (token === undefined) return;
    const needed = [...this.#needs].filter(([pair]) => pair.endsWith(` ${name}`));
    const own = [...this.#needs.keys()].filter((pair) => pair.startsWith(`${name} `));
    const deleted = await this.#ending(name, own, operator.send('Delete', name, { confirmation: token }));
    if (deleted === undefined) return;
    const violated = needed.filter(([pair, mark]) => this.#needs.get(pair) === mark).map(([pair]) => pair);
    assert.deepEqual(violated, [], `${name} was deleted while another resource needed it`);
    await this.#count(operator.send('Create', name, { config: this.#race.both.cloud.config(name, 'anew') }));
  }

  /** Ends a need between two of the second half or has one begin, in either direction: no circle may come of it. */
  async #retie(random: Random, server: TestServer): Promise<void> {
    const free = this.#names.slice(this.#chain.length);
    const from = random.pick(free);
    const to = random.pick(free.filter((name) => name !== from));
    if (random.chance(0.5)) await this.#tie(server, from, to);
    else await this.#untie(server, from, to);
  }

  /** Is remembered unless somebody tried to end it in the meantime. */
  async #tie(server: TestServer, from: string, to: string): Promise<void> {
    const before = { ...this.#endingsOf(from) };
    const tied = await this.#count(server.graphql(ADD, { project: this.#race.project, from, to }));
    const isFirm = before.underWay === 0 && this.#endingsOf(from).begun === before.begun;
    if (tied !== undefined && isFirm) this.#needs.set(`${from} ${to}`, Symbol(to));
  }

  async #untie(server: TestServer, from: string, to: string): Promise<void> {
    const call = server.graphql(REMOVE, { project: this.#race.project, from, to });
    await this.#ending(from, [`${from} ${to}`], call);
  }

  /** A call, just sent, that may end what a resource needs. */
  async #ending(
    from: string,
    pairs: readonly string[],
    call: Promise<GraphqlAnswer>,
  ): Promise<GraphqlAnswer | undefined> {
    const endings = this.#endingsOf(from);
    endings.begun += 1;
    endings.underWay += 1;
    for (const pair of pairs) this.#needs.delete(pair);
    return this.#count(call).finally(() => (endings.underWay -= 1));
  }

  #endingsOf(from: string): { begun: number; underWay: number } {
    const found = this.#endings.get(from) ?? { begun: 0, underWay: 0 };
    this.#endings.set(from, found);
    return found;
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
    this.#done += 1;
  }

  /** @returns the answer, unless it is a refusal */
  async #count(call: Promise<GraphqlAnswer>): Promise<GraphqlAnswer | undefined> {
    const answer = await call;
    const [error] = answer.errors;
    const code = error?.extensions?.code ?? '';
    if (error === undefined) this.#done += 1;
    else {
      assert.ok(expected.has(code), error.message);
      this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    }
    return error === undefined ? answer : undefined;
  }

  /** What a server was too slow for to say that it lives. */
  async #settle(): Promise<void> {
    for (const row of await this.#query(`select id, resource_id from intent_operation
      where project = '${this.#race.project}' and status = 'INTERRUPTED'`)) {
      const [id = '', resourceID = ''] = row.split('|');
      await this.#operator.settle({ id, resourceID });
    }
  }

  #query(sql: string): Promise<string[]> {
    const { postgres, databaseUrl } = this.#race.both;
    return postgres.query(databaseUrl, sql);
  }

  /** What the provider did is what the history says, one by one, and the records show the last of it. */
  async #assertEnd(): Promise<void> {
    const { project, both } = this.#race;
    const open = await this.#query(`select id, status from intent_operation where project = '${project}'
      and status not in ('FINISHED', 'FAILED', 'CANCELED', 'AWAITING_CONFIRMATION')`);
    assert.deepEqual(open, []);
    const resources = await this.#operator.resources();
    const objects = both.cloud.objects();
    const effects = both.cloud.effects();
    const ids = new Set<string>();
    for (const { resourceID, state, condition } of resources) {
      const shown = shownIn(state);
      const object = objects.find(({ id }) => id === shown?.id);
      assert.equal(condition, 'OK');
      assert.ok(shown !== undefined && object !== undefined, `${resourceID} has an object`);
      assert.equal(state?.['content'], object.content);
      const updates = effects.filter((line) => line === `update ${shown.id}`).length;
      assert.equal(shown.revision, updates + 1, `${resourceID}: no update is lost`);
      ids.add(shown.id);
    }
    const mine = objects.filter(({ name }) => name.startsWith(`${project}-`));
    assert.deepEqual(mine.map(({ id }) => id).toSorted(), [...ids].toSorted());
    await this.#assertNeeds(resources.map(({ resourceID }) => resourceID));
  }

  /** Every need that somebody was told of is there, nobody needs what is not there, and none in a circle. */
  async #assertNeeds(resources: readonly string[]): Promise<void> {
    const { project } = this.#race;
    const edges = await this.#query(`select from_resource || ' ' || to_resource from resource_dependency
      where project = '${project}'`);
    const lost = [...this.#needs.keys()].filter((pair) => !edges.includes(pair));
    assert.deepEqual(lost, [], 'needs that nobody ended are there');
    assert.ok(this.#chain.every((name) => resources.includes(name)));
    let left = edges.map((edge) => edge.split(' '));
    for (let count = -1; count !== left.length;) {
      count = left.length;
      left = left.filter(([, to]) => left.some(([from]) => from === to)); // whoever needs nothing further is no circle
    }
    assert.deepEqual(left, [], 'no circle');
  }
}

const ADD = `mutation($project: ID!, $from: ID!, $to: ID!) {
  intentResourceDependencyAdd(intentProject: $project, from: $from, to: $to) { type } }`;
const REMOVE = ADD.replace('Add', 'Remove');

function shownIn(state: unknown): Shown | undefined {
  const { id, revision } = isJsonObject(state) ? state : {};
  return typeof id === 'string' && typeof revision === 'number' ? { id, revision } : undefined;
}

function tokenIn(answer: GraphqlAnswer | undefined): string | undefined {
  if (answer === undefined) return undefined;
  return read<{ answer: { confirmation: { token: string } | null } }>(answer).answer.confirmation?.token;
}
