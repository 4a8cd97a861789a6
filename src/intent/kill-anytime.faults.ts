import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { campaign, type Random, tell } from '../testing/campaign.ts';
import { type Cloud, goCloud } from '../testing/clouds.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import { descendantsOf, isAlive, killHard } from '../testing/processes.ts';
import { freePort, startTestServer, type TestServer } from '../testing/server.ts';
import { aKey, read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const SIZES = { short: 2, tenth: 100, full: 1_000 };
const ENOUGH_KILLS = 10; // a few may all come between two changes
const CREATES = 4;
const SHOWN_WITHIN_MS = 5_000; // of the moment at which the next server is ready
const LIVE = ['QUEUED', 'PLANNING', 'APPLYING'];

const victims = ['server', 'provider', 'server and providers', 'executor'] as const;

interface Begun {
  /** Settles when each call has its answer, or has lost its server. */
  readonly answered: Promise<unknown>;
}

describe('a kill at any time', function () {
  this.timeout(0);
  const kills = campaign('a kill at any time', SIZES);
  let folder: string;
  let cloud: Required<Cloud>;
  let server: TestServer;
  let visitor: string;
  let port: number;
  const seen = { kills: 0, objects: 0, interrupted: 0, locks: 0 };

  before(requireTool('go'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-kill-'));
    cloud = await goCloud(folder);
    port = await freePort();
    server = await start();
    visitor = (await aKey(server, { 'space-admin': 'root' })).token;
  });
  after(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    tell(
      `${seen.kills} kills, ${seen.objects} objects, ${seen.interrupted} interruptions, ${seen.locks} locks tried: 0 unknown, 0 stale`,
    );
  });

  // At the same address, so that tokens stay good.
  const start = (): Promise<TestServer> =>
    startTestServer({ dataDir: join(folder, 'data'), settings: cloud.settings, port });

  it(`leaves nothing unknown and no stale lock, and all of it can be settled (${kills.count} kills)`, async () => {
    await kills.run((random, index) => round(random, index));
    // A test that interrupts nothing shows nothing.
    if (seen.kills >= ENOUGH_KILLS) assert.ok(seen.interrupted > 0);
  });

  async function round(random: Random, index: number): Promise<void> {
    const project = `round-${index}`;
    const victim = victims[index % victims.length] ?? 'server';
    read(await server.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
    const place = { server: () => server, project, cloud };
    const operator = operatorOf(place);
    const before = cloud.effects().length;
    const { answered } = await begin(operator, random, project);
    await until(() => cloud.effects().length >= before + 3 + random.below(CREATES), { what: 'something done' });
    await pause(random.below(300));
    await kill(victim);
    await answered; // a call that comes later would be at work while others are settled
    const withinMs = victim.startsWith('server') ? SHOWN_WITHIN_MS : undefined;
    await nothingIsLive(operator, withinMs);
    await assertNothingUnknown(operator, project);
    const interrupted = (await operator.operations()).filter(({ status }) => status === 'INTERRUPTED').length;
    if (interrupted > 0 && victim.startsWith('server'))
      await assertFree(operatorOf({ ...place, token: visitor }), project);
    await operator.settleAll();
    await assertSettled(operator, project);
    seen.kills += 1;
    seen.interrupted += interrupted;
    seen.objects += cloud
      .effects()
      .slice(before)
      .filter((line) => line.startsWith('create')).length;
  }

  async function begin(operator: Operator, random: Random, project: string): Promise<Begun> {
    const name = (at: number | string): string => `${project}-${at}`;
    for (const at of ['changes', 'goes']) {
      await operator.carryOut('Create', name(at), { config: cloud.config(name(at), 'old', random.below(300)) });
    }
    const calls = [
      ...Array.from({ length: CREATES }, (_, at) =>
        operator.send('Create', name(at), { config: cloud.config(name(at), 'old', random.below(400)), wait: 0 }),
      ),
      operator.send('Update', name('changes'), {
        config: cloud.config(name('changes'), 'new', random.below(400)),
        wait: 0,
      }),
      operator.carryOut('Delete', name('goes'), { wait: 1 }),
    ];
    return { answered: Promise.allSettled(calls) }; // whoever's server dies is told nothing
  }

  async function kill(victim: (typeof victims)[number]): Promise<void> {
    const [executor = 0, ...providers] = descendantsOf(server.process.pid ?? 0);
    if (victim.includes('provider')) for (const pid of providers) killHard(pid);
    if (victim === 'executor') killHard(executor);
    if (!victim.startsWith('server')) return;
    await server.kill();
    for (const pid of providers) await untilGone(pid);
    server = await start();
  }

  /** A provider that outlives its server for a moment may still be at work. */
  async function untilGone(pid: number): Promise<void> {
    await until(() => !isAlive(pid), { what: `the end of process ${pid}` });
  }

  async function nothingIsLive(operator: Operator, withinMs: number | undefined): Promise<void> {
    await until(async () => (await operator.operations()).every(({ status }) => !LIVE.includes(status)), {
      what: 'no operation under way',
      ...(withinMs === undefined ? {} : { withinMs }),
    });
  }

  const objectsOf = (project: string) => cloud.objects().filter(({ name }) => name.startsWith(`${project}-`));

  /** Each object is in a resource's record, or its resource says that nobody knows. */
  async function assertNothingUnknown(operator: Operator, project: string): Promise<void> {
    const resources = await operator.resources();
    for (const { id, name } of objectsOf(project)) {
      const resource = resources.find(({ resourceID }) => resourceID === name);
      const isKnown = resource?.state?.['id'] === id || resource?.condition === 'INDETERMINATE';
      assert.ok(isKnown, `object ${id} of ${name} is unknown: ${JSON.stringify(resource)}`);
    }
  }

  async function assertFree(other: Operator, project: string): Promise<void> {
    const id = `${project}-visitor`;
    await other.carryOut('Create', id, { config: cloud.config(id, 'by another session') });
    read(await server.graphql(`mutation { intentProjectUnlock(id: "${project}") { id } }`));
    seen.locks += 1;
  }

  async function assertSettled(operator: Operator, project: string): Promise<void> {
    const open = (await operator.operations()).filter(({ status }) => status === 'INTERRUPTED');
    assert.deepEqual(open, []);
    const recorded = (await operator.resources()).filter(({ condition }) => condition !== 'GONE');
    assert.ok(recorded.every(({ condition }) => condition === 'OK'));
    const idsOf = (some: readonly { readonly id: unknown }[]): string[] => some.map(({ id }) => String(id)).toSorted();
    assert.deepEqual(idsOf(objectsOf(project)), idsOf(recorded.map(({ state }) => ({ id: state?.['id'] }))));
  }
});
