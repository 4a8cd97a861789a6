import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { campaign, type Random, tell } from '../testing/campaign.ts';
import { type Cloud, goCloud } from '../testing/clouds.ts';
import { type HeldServer, startHeldServer } from '../testing/held-server.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { descendantsOf, isAlive } from '../testing/processes.ts';
import { read } from '../testing/shared-server.ts';
import { mountSmallDisk, requireSmallDisk, type SmallDisk } from '../testing/small-disk.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const DISK_MB = 200; // a new database of either kind and what it keeps in reserve
const LATER_CREATES = 5;
const ANSWER_MS = 3_000; // an embedded database without room gives no answer
const LIVE = ['QUEUED', 'PLANNING', 'APPLYING'];

// Where an operation is when the last byte is taken: before anything is written down, between two writes, while the
// provider acts, when it has acted, and at its end.
const places = [
  'applyChange',
  'recordOutcome',
  'nowhere',
  'callProvider',
  'recordOperation',
  'judgeChange',
  'done',
] as const;

interface Bench {
  readonly cloud: Required<Cloud>;
  readonly disk: SmallDisk;
  readonly server: () => HeldServer;
  /** Has everything at work again after room was made. */
  recover(): Promise<void>;
}

describe('a disk that is full', function () {
  this.timeout(0);
  let folder: string;
  let disk: SmallDisk;
  let cloud: Required<Cloud>;
  let server: HeldServer;

  before(requireTool('go'));
  before(requireSmallDisk());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-full-'));
    disk = mountSmallDisk(DISK_MB);
    cloud = await goCloud(folder);
  });
  afterEach(async () => {
    await server?.kill();
    disk?.remove();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  describe('under the embedded database', () => {
    const fills = campaign('under the embedded database', { short: 1, tenth: 14, full: 140 });

    it(`makes nothing that is not written down, and loses nothing that is (${fills.count} times)`, async () => {
      const start = () => startHeldServer({ dataDir: join(disk.folder, 'data'), settings: cloud.settings });
      server = await start();
      const recover = async (): Promise<void> => {
        const started = descendantsOf(server.process.pid ?? 0);
        await server.kill();
        for (const pid of started) await until(() => !isAlive(pid), { what: `the end of process ${pid}` });
        server = await start();
      };
      const counts = await fillOften(fills, { cloud, disk, server: () => server, recover });
      tell(`embedded: ${counts}`);
    });
  });

  describe('under PostgreSQL', () => {
    const fills = campaign('under PostgreSQL', { short: 1, tenth: 7, full: 70 });
    let postgres: TestPostgres;
    before(requireTool('postgres'));
    afterEach(() => postgres?.stop().catch(() => undefined)); // it may be down

    it(`makes nothing that is not written down, and loses nothing that is (${fills.count} times)`, async () => {
      postgres = await startTestPostgres(disk.folder);
      const settings = { ...cloud.settings, DATABASE_URL: await postgres.createDatabase() };
      server = await startHeldServer({ settings });
      const recover = async (): Promise<void> => {
        await postgres.startAgain().catch(() => undefined); // it may have gone on
        await until(async () => (await fetch(`${server.url}/readyz`)).ok, { what: 'the server ready again' });
      };
      const counts = await fillOften(fills, { cloud, disk, server: () => server, recover });
      assert.equal(server.process.exitCode ?? server.process.signalCode, null);
      tell(`PostgreSQL: ${counts}`);
    });
  });
});

async function fillOften(fills: ReturnType<typeof campaign>, bench: Bench): Promise<string> {
  const seen = { fills: 0, objects: 0, acknowledged: 0, refused: 0, doubtful: 0 };
  await fills.run(async (random, index) => {
    const project = `full-${index}`;
    read(await bench.server().graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
    const operator = operatorOf({ server: bench.server, project, cloud: bench.cloud });
    const place = places[index % places.length] ?? 'nowhere';
    const made = await fillUnder(bench, operator, project, { place, random });
    bench.disk.makeRoom();
    await bench.recover();
    await until(async () => (await operator.operations()).every(({ status }) => !LIVE.includes(status)), {
      what: 'no operation under way',
    });
    seen.doubtful += await assertWrittenDown(bench, operator, project);
    const ids = new Set((await operator.resources()).map(({ resourceID }) => resourceID));
    for (const id of made) assert.ok(ids.has(id), `${id} was acknowledged and is lost`);
    await operator.settleAll();
    seen.objects += await assertSettled(bench, operator, project);
    seen.fills += 1;
    seen.acknowledged += made.length;
    seen.refused += (place === 'nowhere' ? 0 : 1) + LATER_CREATES - made.length;
  });
  const { objects, acknowledged, refused, doubtful } = seen;
  return `${seen.fills} full disks, ${objects} objects, ${acknowledged} creations acknowledged, ${refused} not, ${doubtful} in doubt: 0 lost, 0 made without a record`;
}

interface Moment {
  readonly place: (typeof places)[number];
  readonly random: Random;
}

/** Takes all room at a place of one creation, then tries more of them. @returns the resources that were acknowledged */
async function fillUnder({ cloud, disk, server }: Bench, operator: Operator, project: string, moment: Moment) {
  const made: string[] = [];
  const create = async (id: string): Promise<void> => {
    const { errors } = await operator.send('Create', id, { config: cloud.config(id, 'made') });
    if (errors.length === 0) made.push(id);
  };
  const fill = (): void => disk.fill(moment.random.chance(0.5) ? 0 : moment.random.below(300_000));
  const first = `${project}-first`;
  if (moment.place === 'done') await create(first);
  const isHeld = moment.place !== 'nowhere' && moment.place !== 'done';
  const hold = isHeld ? await server().holdBefore(moment.place) : undefined;
  const asked = isHeld ? [create(first)] : [];
  await hold?.held;
  fill();
  server().release();
  const later = Array.from({ length: LATER_CREATES }, (_, at) => create(`${project}-${at}`));
  const all = Promise.allSettled([...asked, ...later]);
  await Promise.race([all, pause(ANSWER_MS)]);
  return made;
}

/** No provider is told to act before the journal says so. @returns how many objects nobody is sure of */
async function assertWrittenDown({ cloud, server }: Bench, operator: Operator, project: string): Promise<number> {
  const resources = await operator.resources();
  const operations = await operator.operations();
  let doubtful = 0;
  for (const { id, name } of objectsOf(cloud, project)) {
    const resource = resources.find(({ resourceID }) => resourceID === name);
    const isDoubtful = resource?.condition === 'INDETERMINATE';
    assert.ok(isDoubtful || resource?.state?.['id'] === id, `object ${id} of ${name} is unknown`);
    if (isDoubtful) doubtful += 1;
    const operation = operations.find(({ resourceID }) => resourceID === name)?.id ?? '';
    const document =
      'query($project: ID!, $id: ID!) { answer: intentResourceOperation(intentProject: $project, id: $id) { steps { step } } }';
    const { answer } = read<{ answer: { steps: { step: string }[] } }>(
      await server().graphql(document, { project, id: operation }),
    );
    assert.ok(
      answer.steps.some(({ step }) => step === 'applyChange'),
      `${name} was made without a record`,
    );
  }
  return doubtful;
}

/** @returns how many objects there are */
async function assertSettled({ cloud }: Bench, operator: Operator, project: string): Promise<number> {
  const recorded = (await operator.resources()).map(({ state }) => state?.['id']);
  const objects = objectsOf(cloud, project).map(({ id }) => id);
  assert.deepEqual(recorded.map(String).toSorted(), objects.toSorted());
  const after = `${project}-after`;
  assert.equal((await operator.carryOut('Create', after, { config: cloud.config(after, 'made') })).status, 'FINISHED');
  return objects.length;
}

const objectsOf = (cloud: Cloud, project: string) =>
  cloud.objects().filter(({ name }) => name.startsWith(`${project}-`));
