import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { JsonObject } from '../../shared/json.ts';
import { campaignSize } from '../../testing/campaign.ts';
import { processesWith } from '../../testing/processes.ts';
import { startTestServer, type TestServer } from '../../testing/server.ts';
import { read } from '../../testing/shared-server.ts';

const KILLS = { short: 1, tenth: 5, full: 5 }[campaignSize];
const CHAINS = 6;
const LINKS = 4;
const SHOWN_WITHIN_MS = 15_000;

interface ChangeSet {
  readonly id: string;
  readonly status: string;
  readonly failure: string | null;
}

// The sandbox makes a file for each resource, and each file holds the name of the one before it.
describe('a server killed while it applies a change set', () => {
  let folder: string;
  let server: TestServer;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'sluice-kill-set-'));
    server = await start();
    await ask('mutation { intentProjectCreate(name: "Kill") { id } }');
    const config = { faults: { slow_ms: '40' } };
    await ask(
      `mutation($config: JSON!) { intentProviderConfigSet(intentProject: "kill", provider: "sluice/sandbox", config: $config) { alias } }`,
      { config },
    );
  });
  after(async () => {
    await server?.kill();
    for (const pid of processesWith(folder, 'environ')) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const start = (): Promise<TestServer> => startTestServer({ dataDir: join(folder, 'data') });
  const ask = async <T>(document: string, variables: JsonObject = {}): Promise<T> => {
    const [answer] = Object.values(read<Record<string, T>>(await server.graphql(document, variables)));
    assert.ok(answer !== undefined);
    return answer;
  };
  const setTo = (verb: string, id: string, wait: number): Promise<ChangeSet> =>
    ask(
      `mutation($id: ID!, $wait: Int) { intentChangeSet${verb}(intentProject: "kill", id: $id, wait: $wait) { id status failure } }`,
      { id, wait },
    );
  const find = (id: string): Promise<ChangeSet> =>
    ask('query($id: ID!) { intentChangeSet(intentProject: "kill", id: $id) { id status failure } }', { id });

  it(`ends in the same state after ${KILLS} kills as after none, and makes nothing that it does not know`, async function () {
    const changes = Array.from({ length: CHAINS }, (_, chain) =>
      Array.from({ length: LINKS }, (__, link) => fileOf(chain, link)),
    ).flat();
    const planned = await ask<ChangeSet>(
      `mutation($changes: [IntentChangeInput!]!) { intentChangeSetCreate(intentProject: "kill", changes: $changes) { id status failure } }`,
      { changes },
    );
    assert.equal(planned.status, 'PLANNED');
    await setTo('Apply', planned.id, 0);
    let interruptions = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(100 + Math.random() * 300);
      await server.kill();
      server = await start();
      const left = await settled(planned.id);
      if (left.status === 'FINISHED') break;
      assert.equal(left.status, 'INTERRUPTED', left.failure ?? '');
      interruptions += 1;
      await assertNothingForgotten();
      await settleByHand();
      if (kill + 1 < KILLS) await setTo('Resume', planned.id, 0);
    }
    // A test that interrupts nothing shows nothing.
    assert.ok(interruptions >= 1, `${interruptions} interruptions`);
    const done = (await find(planned.id)).status === 'FINISHED' ? planned : await setTo('Resume', planned.id, 50);
    const end = await settled(done.id);
    assert.equal(end.status, 'FINISHED', end.failure ?? '');
    await assertWhole();
  });

  function fileOf(chain: number, link: number): JsonObject {
    const name = (at: number): string => `c${chain}-${at}`;
    const content = link === 0 ? 'first' : `after \${${name(link - 1)}.sha256}`;
    const config = { path: name(link), content };
    return { kind: 'CREATE', resourceID: name(link), provider: 'sluice/sandbox', type: 'sandbox_file', config };
  }

  async function settled(id: string): Promise<ChangeSet> {
    const deadline = Date.now() + SHOWN_WITHIN_MS;
    for (;;) {
      const set = await find(id);
      if (set.status !== 'APPLYING' && set.status !== 'PLANNING') return set;
      assert.ok(Date.now() < deadline, `still ${set.status}`);
      await pause(100);
    }
  }

  interface Held {
    readonly resourceID: string;
    readonly condition: string;
    readonly state: { readonly path: string; readonly content: string; readonly sha256: string } | null;
  }
  const resources = async (): Promise<readonly Held[]> =>
    (
      await ask<{ resources: readonly Held[] }>(
        '{ intentResources(intentProject: "kill") { resources { resourceID condition state } } }',
      )
    ).resources;
  /** Wherever below its data the server keeps the files of a project: name to path. */
  const files = async (): Promise<Map<string, string>> => {
    const all = await readdir(join(folder, 'data'), { recursive: true });
    const made = all.filter((path) => /^c\d+-\d+$/.test(basename(path)));
    return new Map(made.map((path) => [basename(path), join(folder, 'data', path)]));
  };

  /** The sandbox tells the id of a file only when it is made: what may have been made is looked up and taken in. */
  async function settleByHand(): Promise<void> {
    const made = await files();
    for (const { resourceID, condition } of await resources()) {
      if (condition !== 'INDETERMINATE') continue;
      if (made.has(resourceID)) await takeIn(resourceID);
      else await forget(resourceID);
    }
  }

  const takeIn = (id: string): Promise<unknown> =>
    ask(
      `mutation($id: ID!, $path: String!) { intentResourceImport(intentProject: "kill", resourceID: $id, importID: $path,
        provider: "sluice/sandbox", type: "sandbox_file") { status } }`,
      { id, path: id },
    );

  async function forget(id: string): Promise<void> {
    const document = `mutation($id: ID!, $token: String) { intentResourceEject(intentProject: "kill", resourceID: $id,
      confirmation: $token) { confirmation { token } } }`;
    const { confirmation } = await ask<{ confirmation: { token: string } | null }>(document, { id });
    await ask(document, { id, token: confirmation?.token ?? '' });
  }

  /** Whatever file there is belongs to a resource, even if nobody knows yet whether it was made. */
  async function assertNothingForgotten(): Promise<void> {
    const known = (await resources()).map(({ resourceID }) => resourceID);
    for (const file of (await files()).keys()) assert.ok(known.includes(file), `${file} is forgotten`);
  }

  async function assertWhole(): Promise<void> {
    const all = await resources();
    assert.equal(all.length, CHAINS * LINKS);
    const made = await files();
    assert.deepEqual([...made.keys()].toSorted(), all.map(({ resourceID }) => resourceID).toSorted());
    const sums = new Map(all.map(({ resourceID, state }) => [resourceID, state?.sha256]));
    for (const { resourceID, condition, state } of all) {
      assert.equal(condition, 'OK');
      const [chain, link] = resourceID.split('-');
      const expected = link === '0' ? 'first' : `after ${sums.get(`${chain}-${Number(link) - 1}`)}`;
      assert.equal(state?.content, expected);
      assert.equal(await readFile(made.get(resourceID) ?? '', 'utf8'), expected);
    }
  }
});
