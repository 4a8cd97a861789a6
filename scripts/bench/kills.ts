// What is lost when everything is killed, or the disk is full, in the middle of ten slow creates one after the other: by
// the server, and by `terraform apply` with the same provider program, the same delays and the same moments.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { createRandom } from '../../src/testing/campaign.ts';
import { type Cloud, goCloud } from '../../src/testing/clouds.ts';
import { operatorOf, type Operator } from '../../src/testing/operator.ts';
import { descendantsOf, killHard, processesWith } from '../../src/testing/processes.ts';
import { freePort, startTestServer, type TestServer } from '../../src/testing/server.ts';
import { mountSmallDisk } from '../../src/testing/small-disk.ts';
import { terraformEnvironment, terraformFolder } from '../../src/testing/terraform.ts';
import { until } from '../../src/testing/until.ts';

const KILLS = 20;
const FULL_DISKS = 5;
const CREATES = 10;
const DELAY_MS = 400; // of each create; half before the object is there, half after
const DISK_MB = 200;
const SEED = 'kills';

type GoCloud = Required<Cloud> & { readonly directory: string };

/** When it happens: so many objects are there, and so long after. */
interface Moment {
  readonly objects: number;
  readonly afterMs: number;
}

/** What was seen of one round. */
interface Seen {
  readonly made: number;
  /** Objects of which neither a state nor a record says anything. */
  readonly forgotten: number;
  /** Objects that were told of on the screen before the end, and are in no file. */
  readonly onScreen: number;
  /** Objects whose record says that nobody is sure. */
  readonly marked: number;
  readonly lockLeft: number;
  readonly unreadable: number;
  /** Objects beyond the ten once the work was gone on with. */
  readonly twice: number;
}

/** A way to make ten objects and to be interrupted. */
interface Subject {
  run(name: string, moment: Moment): Promise<Seen>;
  end?(): Promise<void>;
}

type Subjects = Readonly<Record<string, (folder: string) => Promise<Subject>>>;

export async function measureKills(): Promise<object[]> {
  return [
    ...(await measure('SIGKILL of everything', KILLS, { terraform: killedTerraform, sluice: killedSluice })),
    ...(await measure('the disk is full', FULL_DISKS, { terraform: filledTerraform, sluice: filledSluice })),
  ];
}

async function measure(what: string, times: number, subjects: Subjects): Promise<object[]> {
  const rows: object[] = [];
  for (const [name, prepare] of Object.entries(subjects)) {
    const folder = mkdtempSync(join(tmpdir(), `sluice-bench-${name}-`));
    const subject = await prepare(folder);
    try {
      const seen: Seen[] = [];
      for (const [at, moment] of momentsOf(what, times).entries()) seen.push(await subject.run(`round${at}`, moment));
      rows.push(rowOf(what, name, seen));
    } finally {
      await subject.end?.();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  return rows;
}

/** The same for each subject. */
function momentsOf(what: string, times: number): Moment[] {
  return Array.from({ length: times }, (_, round) => {
    const random = createRandom(`${SEED} ${what} ${round}`);
    return { objects: random.below(CREATES), afterMs: random.below(DELAY_MS) };
  });
}

function rowOf(what: string, subject: string, all: readonly Seen[]): object {
  const sum = (key: keyof Seen): number => all.reduce((total, each) => total + each[key], 0);
  return {
    what,
    subject,
    times: all.length,
    'objects then': sum('made'),
    'known to nobody': sum('forgotten'),
    'only on the screen': sum('onScreen'),
    'marked as unsure': sum('marked'),
    'locks in the way': sum('lockLeft'),
    'states unreadable': sum('unreadable'),
    'made twice by going on': sum('twice'),
  };
}

async function reached(cloud: GoCloud, before: number, { objects, afterMs }: Moment): Promise<void> {
  await until(() => cloud.effects().length >= before + objects, { what: `${objects} objects`, withinMs: 120_000 });
  await pause(afterMs);
}

/** Nothing that works for this cloud is left. */
async function untilGone(cloud: GoCloud): Promise<void> {
  const own = `FIXTURE_DIR=${cloud.directory}`;
  await until(() => processesWith(own, 'environ').length === 0, { what: 'the end of the providers' });
}

// ---- terraform

async function killedTerraform(folder: string): Promise<Subject> {
  return {
    async run(name, moment) {
      const work = await aTerraform(join(folder, name), join(folder, name, 'work'));
      const child = work.start();
      await reached(work.cloud, 0, moment);
      killGroup(child);
      await untilGone(work.cloud);
      return work.look();
    },
  };
}

async function filledTerraform(folder: string): Promise<Subject> {
  return {
    async run(name, moment) {
      const disk = mountSmallDisk(4);
      try {
        const work = await aTerraform(join(folder, name), join(disk.folder, 'work'));
        const ended = once(work.start(), 'exit');
        await reached(work.cloud, 0, moment);
        disk.fill(0);
        await ended;
        disk.makeRoom();
        return await work.look();
      } finally {
        disk.remove();
      }
    },
  };
}

async function aTerraform(folder: string, place: string) {
  mkdirSync(folder, { recursive: true });
  const cloud = await goCloud(folder);
  const terraform = terraformFolder(place, { [cloud.address]: folder });
  const names = Array.from({ length: CREATES }, (_, at) => `thing${at}`);
  const resource = (name: string): string =>
    `resource "fixture_object" "${name}" {\n  name = "${name}"\n  content = "made"\n  delay_ms = ${DELAY_MS}\n}\n`;
  terraform.write(names.map(resource).join(''));
  let screen = '';
  const start = (): ChildProcess => {
    const child = spawn('terraform', ['apply', '-auto-approve', '-input=false', '-no-color', '-parallelism=1'], {
      cwd: place,
      env: terraformEnvironment(folder, join(place, 'terraform.rc')),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true, // a process group of its own, with its provider
    });
    child.stdout?.on('data', (chunk: Buffer) => (screen += chunk.toString()));
    return child;
  };
  const look = async (): Promise<Seen> => {
    const { known, readable } = knownToState(place);
    const made = cloud.objects().map(({ id }) => id);
    const unknown = made.filter((id) => !known.has(id));
    const told = unknown.filter((id) => screen.includes(id));
    const [code] = (await once(start(), 'exit')) as [number | null];
    return {
      made: made.length,
      forgotten: unknown.length - told.length,
      onScreen: told.length,
      marked: 0,
      lockLeft: code !== 0 && readable ? 1 : 0,
      unreadable: readable ? 0 : 1,
      twice: Math.max(0, cloud.objects().length - CREATES),
    };
  };
  return { cloud, start, look };
}

/** Ids in the state, and in what was written in its place in need. An empty file is a state of nothing. */
function knownToState(place: string): { readonly known: ReadonlySet<unknown>; readonly readable: boolean } {
  const [state, errored] = ['terraform.tfstate', 'errored.tfstate'].map((file) => idsIn(join(place, file)));
  return { known: new Set([...(state ?? []), ...(errored ?? [])]), readable: state !== undefined };
}

function idsIn(file: string): unknown[] | undefined {
  if (!existsSync(file) || statSync(file).size === 0) return [];
  try {
    const { resources } = JSON.parse(readFileSync(file, 'utf8')) as State;
    return resources.flatMap(({ instances }) => instances.map(({ attributes }) => attributes.id));
  } catch {
    return undefined;
  }
}

interface State {
  readonly resources: readonly { readonly instances: readonly { readonly attributes: { readonly id: unknown } }[] }[];
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
}

// ---- the server

async function killedSluice(folder: string): Promise<Subject> {
  const work = await aServer(folder, join(folder, 'data'));
  return {
    async run(name, moment) {
      const { look, asked } = await work.begin(name, moment);
      const pid = work.server().process.pid ?? 0;
      for (const each of [pid, ...descendantsOf(pid)]) killHard(each);
      await asked;
      return look();
    },
    end: () => work.server().kill(),
  };
}

async function filledSluice(folder: string): Promise<Subject> {
  const disk = mountSmallDisk(DISK_MB);
  const work = await aServer(folder, join(disk.folder, 'data'));
  return {
    async run(name, moment) {
      const { look, asked } = await work.begin(name, moment);
      disk.fill(0);
      await Promise.race([asked, pause(CREATES * DELAY_MS * 2)]); // a database without room gives no answer
      disk.makeRoom();
      await work.server().kill();
      await asked;
      return look();
    },
    async end() {
      await work.server().kill();
      disk.remove();
    },
  };
}

async function aServer(folder: string, dataDir: string) {
  const cloud = await goCloud(folder);
  const port = await freePort();
  const start = (): Promise<TestServer> => startTestServer({ dataDir, settings: cloud.settings, port });
  let current = await start();
  const server = (): TestServer => current;
  return {
    server,
    /** Begins ten creates, one after the other, in a project of their own. */
    async begin(project: string, moment: Moment) {
      await current.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`);
      const operator = operatorOf({ server, project, cloud });
      const before = cloud.effects().length;
      const asked = makeAll(operator, cloud, project);
      await reached(cloud, before, moment);
      const look = async (): Promise<Seen> => {
        await untilGone(cloud);
        current = await start();
        return lookAt(operator, cloud, project);
      };
      return { asked, look };
    },
  };
}

const namesIn = (project: string): string[] => Array.from({ length: CREATES }, (_, at) => `${project}-thing${at}`);

/** Until no server answers. */
async function makeAll(operator: Operator, cloud: GoCloud, project: string): Promise<void> {
  for (const name of namesIn(project)) {
    const given = { config: cloud.config(name, 'made', DELAY_MS) };
    if ((await operator.send('Create', name, given).catch(() => undefined)) === undefined) return;
  }
}

async function lookAt(operator: Operator, cloud: GoCloud, project: string): Promise<Seen> {
  const objects = () => cloud.objects().filter(({ name }) => name.startsWith(`${project}-`));
  const made = objects();
  const resources = await operator.resources();
  const recordOf = (name: string) => resources.find(({ resourceID }) => resourceID === name);
  const isUnsure = (name: string): boolean => recordOf(name)?.condition === 'INDETERMINATE';
  const unknown = made.filter(({ id, name }) => recordOf(name)?.state?.['id'] !== id);
  await operator.settleAll();
  const refused = await makeMissing(operator, cloud, project);
  return {
    made: made.length,
    forgotten: unknown.filter(({ name }) => !isUnsure(name)).length,
    onScreen: 0,
    marked: unknown.filter(({ name }) => isUnsure(name)).length,
    lockLeft: refused > 0 ? 1 : 0,
    unreadable: 0, // a server that does not start again ends the whole measurement
    twice: Math.max(0, objects().length - CREATES),
  };
}

/** @returns how many were refused */
async function makeMissing(operator: Operator, cloud: GoCloud, project: string): Promise<number> {
  const there = new Set((await operator.resources()).map(({ resourceID }) => resourceID));
  let refused = 0;
  for (const name of namesIn(project).filter((each) => !there.has(each))) {
    const { errors } = await operator.send('Create', name, { config: cloud.config(name, 'made', DELAY_MS) });
    if (errors.length > 0) refused += 1;
  }
  return refused;
}
