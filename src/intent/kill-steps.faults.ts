import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { campaign, campaignSize, tell } from '../testing/campaign.ts';
import { type Cloud, type CloudObject, goCloud, sandboxCloud } from '../testing/clouds.ts';
import { type HeldServer, startHeldServer } from '../testing/held-server.ts';
import {
  type Given,
  type Operation,
  type Operator,
  operatorOf,
  replacementOf,
  type Resource,
  type Verb,
} from '../testing/operator.ts';
import { descendantsOf, killHard } from '../testing/processes.ts';
import { read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';
import { lives, writeDown } from './operations/lives.ts';
import type { Step } from './run.ts';

const SHOWN_WITHIN_MS = 5_000; // of the moment at which the next server is ready
const LIVE = ['QUEUED', 'PLANNING', 'APPLYING'];
const MOST_TRIES = 6; // of somebody who wants something done and is interrupted

/** What an operation is about, and what there must be of it at its end. */
interface Subject {
  readonly id: string;
  readonly kind: Kind;
  readonly at: number;
  readonly step: string;
  readonly pass: number;
}

interface Kind {
  readonly name: string;
  readonly verb: Verb;
  /** In order; one that comes twice is held at its second time too. */
  readonly steps: readonly string[];
  /** In a first call, when the steps are those of the call that confirms. */
  readonly confirms: boolean;
  /** What there is before: the resource, an object that is nobody's, or nothing. */
  readonly before: 'resource' | 'changed resource' | 'object' | 'nothing';
  readonly config?: (cloud: Cloud, id: string) => Given['config'];
  /** What was done in all, the making of what was there before counted. */
  readonly effects: readonly string[];
  /** Contents of the objects by name, and of the resource's record. */
  readonly after: (id: string) => {
    readonly objects: Readonly<Record<string, string>>;
    readonly resource: string | undefined;
  };
}

const namesOf = (...steps: readonly (Step | string)[]): string[] =>
  steps.map((step) => (typeof step === 'string' ? step : step.name));

const created = (id: string) => ({ objects: { [id]: 'old' }, resource: 'old' });
const updated = (id: string) => ({ objects: { [id]: 'new' }, resource: 'new' });
const replaced = (id: string) => ({ objects: { [replacementOf(id)]: 'new' }, resource: 'new' });
const gone = () => ({ objects: {}, resource: undefined });

const kinds: readonly Kind[] = [
  {
    name: 'create', verb: 'Create', confirms: false, before: 'nothing', after: created, effects: ['create'],
    config: (cloud, id) => cloud.config(id, 'old'),
    steps: namesOf(...lives.CREATE.prepare, writeDown.new, ...withCalls(lives.CREATE.carryOut, 'callProvider')),
  },
  {
    name: 'update', verb: 'Update', confirms: false, before: 'resource', after: updated, effects: ['create', 'update'],
    config: (cloud, id) => cloud.config(id, 'new'),
    steps: namesOf(...lives.UPDATE.prepare, writeDown.new, ...withCalls(lives.UPDATE.carryOut, 'callProvider')),
  },
  {
    name: 'replace', verb: 'Update', confirms: false, before: 'resource', after: replaced, effects: ['create', 'delete', 'create'],
    config: (cloud, id) => cloud.config(replacementOf(id), 'new'),
    steps: namesOf(...lives.UPDATE.prepare, writeDown.new, ...upTo(lives.UPDATE.carryOut, 'awaitConfirmation')),
  },
  {
    name: 'replace-confirmed', verb: 'Update', confirms: true, before: 'resource', after: replaced, effects: ['create', 'delete', 'create'],
    config: (cloud, id) => cloud.config(replacementOf(id), 'new'),
    steps: namesOf(
      ...lives.UPDATE.prepare, writeDown.confirmed,
      ...withCalls(lives.UPDATE.confirm, 'callProvider', 'recordDestroyed', 'callProvider'),
    ),
  },
  {
    name: 'rollback', verb: 'Rollback', confirms: false, before: 'changed resource', after: created,
    effects: ['create', 'update', 'update'],
    steps: namesOf(...lives.UPDATE.prepare, writeDown.new, ...withCalls(lives.UPDATE.carryOut, 'callProvider')),
  },
  {
    name: 'delete', verb: 'Delete', confirms: false, before: 'resource', after: gone, effects: ['create', 'delete'],
    steps: namesOf(...lives.DELETE.prepare, writeDown.new, ...upTo(lives.DELETE.carryOut, 'awaitConfirmation')),
  },
  {
    name: 'delete-confirmed', verb: 'Delete', confirms: true, before: 'resource', after: gone, effects: ['create', 'delete'],
    steps: namesOf(...lives.DELETE.prepare, writeDown.confirmed, ...withCalls(lives.DELETE.confirm, 'callProvider')),
  },
  {
    name: 'import', verb: 'Import', confirms: false, before: 'object', after: created, effects: ['create'],
    steps: namesOf(...lives.IMPORT.prepare, writeDown.new, ...lives.IMPORT.carryOut),
  },
  {
    name: 'refresh', verb: 'Refresh', confirms: false, before: 'resource', after: created, effects: ['create'],
    steps: namesOf(...lives.REFRESH.prepare, writeDown.new, ...lives.REFRESH.carryOut),
  },
  {
    name: 'eject', verb: 'Eject', confirms: false, before: 'resource', effects: ['create'],
    after: (id) => ({ objects: { [id]: 'old' }, resource: undefined }),
    steps: namesOf(...lives.EJECT.prepare, writeDown.new, ...upTo(lives.EJECT.carryOut, 'awaitConfirmation')),
  },
  {
    name: 'eject-confirmed', verb: 'Eject', confirms: true, before: 'resource', effects: ['create'],
    after: (id) => ({ objects: { [id]: 'old' }, resource: undefined }),
    steps: namesOf(...lives.EJECT.prepare, writeDown.confirmed, ...lives.EJECT.confirm),
  },
]; // prettier-ignore

function withCalls(steps: readonly Step[], ...calls: readonly string[]): string[] {
  return namesOf(...steps).flatMap((name) => (name === 'applyChange' ? [name, ...calls] : [name]));
}

function upTo(steps: readonly Step[], last: string): string[] {
  const names = namesOf(...steps);
  return names.slice(0, names.indexOf(last) + 1);
}

const subjectsOf = (wave: string): Subject[] =>
  kinds.flatMap((kind) =>
    kind.steps.map((step, at) => {
      const pass = kind.steps.slice(0, at).filter((each) => each === step).length;
      return { id: `${wave}-${kind.name}-${at}-${step.toLowerCase()}`, kind, at, step, pass };
    }),
  );

const victims = ['server', 'executor', 'provider', 'server and providers', 'executor and providers'] as const;
type Victim = (typeof victims)[number];

// Somebody who does everything at once is not what is tried here.
const unlimited = {
  SLUICE_CALLER_RATE: '0',
  SLUICE_CALLER_CONCURRENCY: '0',
  SLUICE_CALLER_COST_RATE: '0',
  SLUICE_ADDRESS_RATE: '0',
  SLUICE_ADDRESS_CONCURRENCY: '0',
};

const SIZES = { short: 1, tenth: 5, full: 50 };

describe('a kill at each step of each kind of operation', function () {
  this.timeout(0);
  const waves = campaign('a kill at each step', SIZES);
  let folder: string;
  let server: HeldServer;
  let clouds: readonly Cloud[];

  before(requireTool('go'));
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-steps-'));
    clouds = [sandboxCloud(join(folder, 'data')), await goCloud(folder)];
    server = await start();
  });
  afterEach(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const start = (): Promise<HeldServer> =>
    startHeldServer({
      dataDir: join(folder, 'data'),
      settings: clouds.reduce((all, { settings }) => ({ ...all, ...settings }), unlimited),
    });

  it(`leaves nothing unknown, shows what was cut off, and comes to the same end (${waves.count} waves)`, async () => {
    await waves.run(async (_random, index) => {
      for (const cloud of clouds) await wave(cloud, index);
    });
  });

  const wave = async (cloud: Cloud, index: number): Promise<void> => {
    const victim: Victim = victims[index % victims.length] ?? 'server';
    const project = `wave-${index}-${cloud.type.replace('_', '-')}`;
    read(await server.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
    const operator = operatorOf({ server: () => server, project, cloud });
    // The short form takes each place once, with one of the clouds.
    const share = (at: number): boolean => campaignSize !== 'short' || at % clouds.length === clouds.indexOf(cloud);
    const subjects = subjectsOf(project).filter((_subject, at) => share(at));
    const before = cloud.effects?.().length ?? 0;
    for (const subject of subjects) await hold(cloud, operator, subject);
    await kill(victim);
    await nothingIsLive(operator, victim);
    if (victim.startsWith('server')) await assertShown(operator, subjects);
    await goOn(cloud, operator, subjects);
    await assertEnd(cloud, operator, subjects);
    assertOnce(subjects, cloud.effects?.().slice(before));
    tell(
      `${victim} killed with ${subjects.length} operations of ${cloud.address} under way, each at a step of its own`,
    );
  };

  /** Brings the operation of a subject to its step and leaves it there. */
  async function hold(cloud: Cloud, operator: Operator, { id, kind, step, pass }: Subject): Promise<void> {
    if (kind.before !== 'nothing') await operator.carryOut('Create', id, { config: cloud.config(id, 'old') });
    if (kind.before === 'object') await operator.carryOut('Eject', id);
    if (kind.before === 'changed resource') await operator.carryOut('Update', id, { config: cloud.config(id, 'new') });
    const given = await givenFor(cloud, operator, kind, id);
    const confirmation = kind.confirms ? await tokenFor(operator, kind.verb, id, given) : {};
    const { held } = await server.holdBefore(step, pass);
    operator.send(kind.verb, id, { ...given, ...confirmation, wait: 0 }).catch(() => undefined); // its server will die
    await held;
  }

  async function givenFor(cloud: Cloud, operator: Operator, kind: Kind, id: string): Promise<Given> {
    const object = cloud.objects().find(({ name }) => name === id);
    const config = kind.config?.(cloud, id);
    const wasMade = ({ resourceID, kind: was }: Operation): boolean => resourceID === id && was === 'CREATE';
    const operation = kind.verb === 'Rollback' ? (await operator.operations()).find(wasMade)?.id : undefined;
    return {
      ...(config === undefined ? {} : { config }),
      ...(operation === undefined ? {} : { operation }),
      ...(kind.before === 'object' && object !== undefined ? { importID: object.id } : {}),
    };
  }

  async function tokenFor(operator: Operator, verb: Verb, id: string, given: Given): Promise<Given> {
    const { answer } = read<{ answer: { confirmation: { token: string } } }>(await operator.send(verb, id, given));
    return { confirmation: answer.confirmation.token };
  }

  /** Everything under way is held: what is killed is killed there, and the rest goes on. */
  async function kill(victim: Victim): Promise<void> {
    const [executor = 0, ...providers] = descendantsOf(server.process.pid ?? 0);
    if (victim.includes('provider')) for (const pid of providers) killHard(pid);
    if (victim.includes('executor')) killHard(executor);
    if (!victim.startsWith('server')) return server.release();
    await server.kill();
    server = await start();
  }

  async function nothingIsLive(operator: Operator, victim: Victim): Promise<void> {
    const withinMs = victim.startsWith('server') ? SHOWN_WITHIN_MS : undefined;
    await until(async () => (await operator.operations()).every(({ status }) => !LIVE.includes(status)), {
      what: 'no operation under way',
      ...(withinMs === undefined ? {} : { withinMs }),
    });
  }

  /** As somebody does who wants all of it done, whatever it takes. */
  async function goOn(cloud: Cloud, operator: Operator, subjects: readonly Subject[]): Promise<void> {
    let left = subjects;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const seen = await look(cloud, operator);
      left = left.filter((subject) => !isDone(seen, subject));
      for (const subject of left) await goOnWith(cloud, operator, seen, subject);
    }
    assert.deepEqual(left, []);
  }

  async function goOnWith(cloud: Cloud, operator: Operator, seen: Seen, { id, kind }: Subject): Promise<void> {
    const open = seen.operations.find((each) => each.resourceID === id && each.status === 'INTERRUPTED');
    if (open !== undefined) return operator.settle(open);
    // What was dropped between the two halves of a replacement is made, not changed.
    const isLost = kind.verb === 'Update' && !seen.resources.some(({ resourceID }) => resourceID === id);
    const verb = isLost ? 'Create' : kind.verb;
    const given = await givenFor(cloud, operator, kind, id);
    await operator.carryOut(verb, id, given).catch(() => undefined); // the next look tells
  }

  interface Seen {
    readonly operations: readonly Operation[];
    readonly resources: readonly Resource[];
    readonly objects: readonly CloudObject[];
  }

  const look = async (cloud: Cloud, operator: Operator): Promise<Seen> => ({
    operations: await operator.operations(),
    resources: await operator.resources(),
    objects: cloud.objects(),
  });

  function isDone({ operations, resources, objects }: Seen, { id, kind }: Subject): boolean {
    const wanted = kind.after(id);
    const isOpen = operations.some(
      ({ resourceID, status }) => resourceID === id && (status === 'INTERRUPTED' || LIVE.includes(status)),
    );
    const resource = resources.find(({ resourceID }) => resourceID === id);
    const found = objects.filter(({ name }) => name === id || name === replacementOf(id));
    const isThere =
      found.length === Object.keys(wanted.objects).length &&
      found.every(({ name, content }) => wanted.objects[name] === content);
    return !isOpen && isThere && resource?.state?.['content'] === wanted.resource;
  }

  /** What was written down and was not at its end is interrupted now, and nothing else is. */
  async function assertShown(operator: Operator, subjects: readonly Subject[]): Promise<void> {
    const left = (await operator.operations()).filter(({ status }) => status === 'INTERRUPTED');
    const wasBegun = ({ kind, at }: Subject): boolean =>
      at > Math.max(kind.steps.indexOf('recordOperation'), kind.steps.indexOf('claimConfirmation'));
    const idsOf = (some: readonly { readonly id: string }[]): string[] => some.map(({ id }) => id).toSorted();
    const shown = left.map(({ resourceID }) => ({ id: resourceID }));
    assert.deepEqual(idsOf(shown), idsOf(subjects.filter(wasBegun)));
  }

  function assertOnce(subjects: readonly Subject[], effects: readonly string[] | undefined): void {
    if (effects === undefined) return;
    const verbs = effects.map((line) => line.split(' ')[0] ?? '');
    const wanted = subjects.flatMap(({ kind }) => kind.effects);
    assert.deepEqual(verbs.toSorted(), wanted.toSorted());
  }

  /** Everything that exists is somebody's, and the project is free for others. */
  async function assertEnd(cloud: Cloud, operator: Operator, subjects: readonly Subject[]): Promise<void> {
    const wanted = subjects.flatMap(({ id, kind }) => Object.keys(kind.after(id).objects));
    assert.deepEqual(
      cloud
        .objects()
        .map(({ name }) => name)
        .filter((name) => subjects.some(({ id }) => name.startsWith(id)))
        .toSorted(),
      wanted.toSorted(),
    );
    assert.deepEqual(
      (await operator.resources()).filter(({ condition }) => condition !== 'OK'),
      [],
    );
  }
});
