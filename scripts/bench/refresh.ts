// Reading many resources that did not change, and planning changes that change nothing, against terraform with the same
// provider program.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { buildTimeProvider } from '../../src/testing/go-provider.ts';
import { startTestServer, type TestServer } from '../../src/testing/server.ts';
import { terraformFolder } from '../../src/testing/terraform.ts';
import {
  address,
  applySet,
  ask,
  changesOf,
  configurationOf,
  median,
  PLAN,
  sampled,
  type Taken,
  terraform,
  until,
} from './changeset.ts';
import { treeMb } from './process-tree.ts';

const SIZES = (process.env['SLUICE_BENCH_SIZES'] ?? '100,1000').split(',').map(Number);
const ROUNDS = 3;

/** One piece of work, done by both. */
interface Work {
  readonly subject: string;
  readonly ours: () => Promise<void>;
  readonly theirs: () => Promise<Taken>;
}

export async function measureRefresh(): Promise<object[]> {
  const program = await buildTimeProvider();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-refresh-'));
  const server = await startTestServer({ settings: { SLUICE_PROVIDER_OVERRIDES: `${address}=${dirname(program)}` } });
  try {
    const rows: object[] = [];
    for (const size of SIZES) {
      const project = `n${size}`;
      await ask(server, 'mutation($name: String!) { intentProjectCreate(name: $name) { id } }', { name: project });
      await applySet(server, project, size);
      const path = join(folder, project);
      terraformFolder(path, { [address]: dirname(program) }).write(configurationOf(size));
      await terraform(path, ['apply', '-auto-approve']);
      for (const work of works(server, project, path, size)) rows.push(await compare(server, work));
    }
    return rows;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function works(server: TestServer, project: string, path: string, size: number): Work[] {
  return [
    {
      subject: `refresh of ${size} resources`,
      ours: () => refresh(server, project, size),
      theirs: () => terraform(path, ['plan', '-refresh-only']),
    },
    {
      subject: `plan without change of ${size} resources`,
      ours: () => plan(server, project, size),
      theirs: () => terraform(path, ['plan', '-detailed-exitcode']), // 0 when it finds no change
    },
  ];
}

async function compare(server: TestServer, { subject, ours, theirs }: Work): Promise<object> {
  const sluice: Taken[] = [];
  const peer: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = treeMb(server.process.pid);
    const us = async (): Promise<void> => {
      const { ms, mb } = await sampled(server.process.pid, ours);
      sluice.push({ ms, mb: mb - before });
    };
    const them = async (): Promise<void> => void peer.push(await theirs());
    await (round % 2 === 0 ? us().then(them) : them().then(us)); // A-B-B-A
  }
  const [mine, other] = [sluice, peer].map((taken) => median(taken.map(({ ms }) => ms)));
  return {
    subject,
    sluice: mine,
    terraform: other,
    unit: 'ms',
    ratio: `1/${((other ?? Number.NaN) / (mine ?? Number.NaN)).toFixed(1)}`,
    aim: '1/2',
    'sluice MB': median(sluice.map(({ mb }) => mb)),
    'terraform MB': median(peer.map(({ mb }) => mb)),
  };
}

const REFRESH = `mutation($project: ID!, $after: ID) {
  intentProjectRefresh(intentProject: $project, after: $after) { checked unchanged next failures { message } } }`;

interface Refreshed {
  readonly checked: number;
  readonly unchanged: number;
  readonly next: string | null;
  readonly failures: readonly { readonly message: string }[];
}

async function refresh(server: TestServer, project: string, size: number): Promise<void> {
  let [after, read]: [string | null, number] = ['', 0];
  while (after !== null) {
    const { data, errors } = await server.graphql(REFRESH, { project, after });
    const found = (data as { readonly intentProjectRefresh: Refreshed } | null)?.intentProjectRefresh; // as asked for
    if (found === undefined || found.unchanged !== found.checked)
      throw new Error(`something changed: ${JSON.stringify([errors, found])}`);
    read += found.checked;
    after = found.next;
  }
  if (read !== size) throw new Error(`${read} of ${size} resources were read`);
}

const CANCEL =
  'mutation($project: ID!, $id: ID!) { intentChangeSetCancel(intentProject: $project, id: $id) { id status } }';
const ACTIONS = `query($project: ID!, $id: ID!) {
  intentChangeSet(intentProject: $project, id: $id) { id status changes { operation { plan { action } } } } }`;

/** The same configurations again, as updates. */
async function plan(server: TestServer, project: string, size: number): Promise<void> {
  const changes = changesOf(size).map((change) => {
    const { resourceID, config } = change as { readonly resourceID: string; readonly config: object }; // made by changesOf
    return { kind: 'UPDATE', resourceID, config };
  });
  const { id } = await until(server, project, await ask(server, PLAN, { project, changes }), 'PLANNED');
  const text = JSON.stringify(await ask(server, ACTIONS, { project, id }));
  const none = text.match(/"action":"no-op"/g)?.length ?? 0;
  if (none !== size) throw new Error(`${none} of ${size} plans change nothing`);
  await ask(server, CANCEL, { project, id });
}
