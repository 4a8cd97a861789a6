import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

import { campaign, campaignSize, type Random, tell } from '../testing/campaign.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import type { TestServer } from '../testing/server.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { startTwoServers, type TwoServers } from '../testing/two-servers.ts';
import { until } from '../testing/until.ts';

const ROUNDS = { short: 3, tenth: 12, full: 102 };
const RUNS = { short: 8, tenth: 30, full: 300 }[campaignSize];
const AT_ONCE = 8;
const DONE_WITHIN_MS = 120_000;
const LIVE = ['QUEUED', 'PLANNING', 'APPLYING'];

const troubles = ['restarted', 'its connections cut', 'all its connections taken'] as const;

describe('a database that goes away under two servers', function () {
  this.timeout(0);
  const rounds = campaign('a database that goes away', ROUNDS);
  let both: TwoServers;
  const seen = { runs: 0, refused: 0, interrupted: 0 };

  before(requireTool('postgres'));
  before(requireTool('go'));
  before(async () => {
    both = await startTwoServers();
    await both.one.adminToken();
  });
  after(async () => {
    await both?.stop();
    const { runs, refused, interrupted } = seen;
    tell(`${runs} runs: ${refused} refused calls, ${interrupted} interruptions, 0 lost, 0 done twice, 0 servers ended`);
  });

  it(`loses nothing, does nothing twice and ends no server (${rounds.count} times, ${RUNS} creations each)`, async () => {
    await rounds.run(async (random, index) => {
      const project = `outage-${index}`;
      read(await both.one.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
      const names = Array.from({ length: RUNS }, (_, at) => `${project}-${at}`);
      const work = workOff(names, project, random);
      work.catch(() => undefined); // it is waited for below
      await pause(random.below(600));
      await trouble(troubles[index % troubles.length] ?? 'restarted', random);
      await work;
      await assertOnce(names, operatorOf({ server: () => both.one, project, cloud: both.cloud }));
      assert.deepEqual(
        [both.one, both.two].map(({ process: { exitCode, signalCode } }) => exitCode ?? signalCode),
        [null, null],
      );
    });
  });

  it('is told to callers as such, who make nothing meanwhile', async () => {
    const { one, postgres, cloud } = both;
    read(await one.graphql('mutation { intentProjectCreate(name: "told") { id } }'));
    const operator = operatorOf({ server: () => one, project: 'told', cloud });
    await operator.carryOut('Create', 'told-before', { config: cloud.config('told-before', 'made') });
    await postgres.stopImmediately();
    try {
      const { code, message } = refusal(
        await operator.send('Create', 'told-during', { config: cloud.config('told-during', 'made') }),
      );
      assert.deepEqual([code, await statusOf(one)], ['UNAVAILABLE', 503]);
      assert.match(message, /database/);
      assert.equal((await fetch(`${one.url}/readyz`)).status, 503);
    } finally {
      await postgres.startAgain();
    }
    await until(async () => (await fetch(`${one.url}/readyz`)).ok, { what: 'the server ready again' });
    assert.deepEqual(
      cloud.objects().flatMap(({ name }) => (name.startsWith('told-') ? [name] : [])),
      ['told-before'],
    );
    await operator.carryOut('Create', 'told-after', { config: cloud.config('told-after', 'made') });
    assert.deepEqual(
      (await operator.resources()).map(({ resourceID }) => resourceID),
      ['told-after', 'told-before'],
    );
  });

  /** Several callers at a time, each at one of the servers, until everything is there. */
  async function workOff(names: readonly string[], project: string, random: Random): Promise<void> {
    const left = [...names];
    const caller = async (at: number): Promise<void> => {
      const server = at % 2 === 0 ? both.one : both.two;
      const operator = operatorOf({ server: () => server, project, cloud: both.cloud });
      for (let name = left.shift(); name !== undefined; name = left.shift())
        await make(operator, name, random.below(60));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => caller(at)));
    seen.runs += names.length;
  }

  /** As a careful caller does: what is refused is tried again, after a look at what came of it. */
  async function make(operator: Operator, name: string, delayMs: number): Promise<void> {
    const deadline = performance.now() + DONE_WITHIN_MS;
    let said = '';
    while (performance.now() < deadline) {
      try {
        if (await isThere(operator, name)) return;
        const { errors } = await operator.send('Create', name, { config: both.cloud.config(name, 'made', delayMs) });
        if (errors.length === 0) continue;
        said = errors.map(({ message }) => message).join();
      } catch (error) {
        said = String(error); // the connection, or the look at what came of it
      }
      seen.refused += 1;
      await pause(100);
    }
    assert.fail(`${name} was not to be made: ${said}`);
  }

  /** @throws what the database's absence does */
  async function isThere(operator: Operator, name: string): Promise<boolean> {
    const mine = (await operator.operations()).filter(({ resourceID }) => resourceID === name);
    if (mine.some(({ status }) => LIVE.includes(status))) throw new Error('under way');
    const open = mine.find(({ status }) => status === 'INTERRUPTED');
    if (open !== undefined) {
      seen.interrupted += 1;
      await operator.settle(open);
    }
    return (
      mine.length > 0 &&
      (await operator.resources()).some(({ resourceID, condition }) => resourceID === name && condition === 'OK')
    );
  }

  async function trouble(kind: (typeof troubles)[number], random: Random): Promise<void> {
    const { postgres, databaseUrl } = both;
    if (kind === 'restarted') {
      await postgres.stopImmediately();
      await pause(random.below(2_000));
      return postgres.startAgain();
    }
    if (kind === 'its connections cut') {
      const others =
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null';
      for (let cuts = 0; cuts < 5; cuts += 1) {
        await postgres.query(databaseUrl, others);
        await pause(random.below(200));
      }
      return;
    }
    await takeAll(databaseUrl, 1_000 + random.below(1_000));
  }

  /** So many clients that the servers get no further connection; theirs are cut, so that they want new ones. */
  async function takeAll(databaseUrl: string, forMs: number): Promise<void> {
    const clients: ChildProcess[] = [];
    try {
      for (let at = 0; at < 50; at += 1) {
        clients.push(spawn('psql', [databaseUrl, '-XAtc', `select pg_sleep(${forMs / 1_000})`], { stdio: 'ignore' }));
      }
      await pause(forMs);
    } finally {
      await Promise.all(
        clients.map((client) => until(() => client.exitCode !== null, { what: 'the end of a client' })),
      );
    }
  }

  async function assertOnce(names: readonly string[], operator: Operator): Promise<void> {
    const resources = await operator.resources();
    for (const name of names) {
      const made = both.cloud.objects().filter((object) => object.name === name);
      const recorded = resources.find(({ resourceID }) => resourceID === name)?.state?.['id'];
      assert.deepEqual(
        made.map(({ id }) => id),
        [recorded],
        name,
      );
    }
  }
});

/** As a client sees it that asked for GraphQL's own media type, where the status tells. */
async function statusOf(server: TestServer): Promise<number> {
  const headers = {
    authorization: `Bearer ${await server.adminToken()}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
  };
  const body = JSON.stringify({ query: '{ intentProjects { id } }' });
  return (await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })).status;
}
