import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { campaign, campaignSize, type Random } from '../testing/campaign.ts';
import { type LaidLiar, layLiar, liarAddress } from '../testing/liar/lay-liar.ts';
import { type ProviderFault, providerFaults } from '../testing/liar/faults.ts';
import { processesWith } from '../testing/processes.ts';
import { type GraphqlAnswer, startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';

const OPERATION = 'id status outcome failure message confirmation { token }';
// The last one: a provider that sees another object than before does not get what was confirmed for that one.
const STABLE = /^(?:PROVIDER_FAILED|PROVIDER_REFUSED|LIMIT_EXCEEDED|PLAN_CHANGED)$/;
const CALL_LIMIT_MS = campaignSize === 'short' ? 30_000 : 4_000; // only longer forms have providers that hang
const IDLE_MS = 300;
const ENDS_WITHIN_MS = 30_000;

interface Kept {
  readonly resourceID: string;
  readonly condition: string;
  readonly state: JsonObject | null;
  readonly drift: object | null;
}

interface Ended {
  readonly status: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly token: string | undefined;
  readonly id: string;
}

const kinds = ['create', 'create', 'update', 'replace', 'delete', 'refresh', 'import'] as const;

describe('a provider that lies', function (this: Mocha.Suite) {
  this.timeout(0);
  let folder: string;
  let liar: LaidLiar;
  let server: TestServer;
  const seen = new Map<string, number>();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-liars-'));
    liar = layLiar(folder);
    server = await startTestServer({
      dataDir: join(folder, 'data'),
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${liarAddress}=${liar.executable}`,
        SLUICE_PROVIDER_ALLOW: liarAddress,
        SLUICE_PROVIDER_FOLDERS: liar.cloud,
        SLUICE_PROVIDER_TIMEOUT_MS: String(CALL_LIMIT_MS),
        SLUICE_PROVIDER_IDLE_MS: String(IDLE_MS),
      },
    });
    await server.graphql('mutation { intentProjectCreate(name: "Lies") { id } }');
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const faults = providerFaults.filter(({ waits }) => waits !== true || campaignSize !== 'short');
  const cases = campaign('a provider that lies', { short: 10, tenth: 4 * faults.length, full: 40 * faults.length });

  it(`loses nothing, and is told of in a clear error: ${cases.count} times in ${faults.length} ways`, async () => {
    await cases.run(async (random, index) => {
      const fault = faults[index % faults.length] ?? assert.fail('there are faults');
      const kind = index < faults.length ? kindFor(fault, random) : random.pick(kinds);
      await oneCase(fault, kind, `thing-${index}`, random);
    });
    const words = [...seen].map(([what, count]) => `${what} ${count}`).toSorted();
    process.stdout.write(`      ${words.join(', ')}\n`);
  });

  it('leaves no process, socket or folder behind', async () => {
    lie({});
    await until('no provider is left', () => processesWith(liar.scriptFile, 'environ').length === 0);
    await server.stop();
    assert.deepEqual(processesWith(folder, 'environ'), []);
    assert.deepEqual(processesWith(folder, 'cmdline'), []);
    const left = readdirSync(join(folder, 'data/run'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      left.filter((name) => /sock|(^|\/)p-/.test(name)),
      [],
    );
  });

  function lie(script: object): void {
    writeFileSync(liar.scriptFile, JSON.stringify(script));
  }

  /** The first time each fault meets an operation that it concerns. */
  function kindFor({ script }: ProviderFault, random: Random): (typeof kinds)[number] {
    const concerned = Object.keys(script(random));
    if (concerned.includes('ReadResource')) return 'refresh';
    return concerned.includes('ImportResourceState') ? 'import' : random.pick(['create', 'update', 'delete']);
  }

  async function oneCase(
    fault: ProviderFault,
    kind: (typeof kinds)[number],
    id: string,
    random: Random,
  ): Promise<void> {
    const where = `${fault.name}, ${kind}`;
    lie({});
    if (kind !== 'create' && kind !== 'import') await mustCreate(id);
    if (kind === 'import') writeFileSync(join(liar.cloud, `found-${id}`), '');
    const token = kind === 'delete' ? (await act('delete', id)).token : undefined;
    await untilIdle(fault);
    lie(fault.script(random));
    const ended = await act(kind, id, token);
    lie({});
    count(ended);
    assert.ok(ended.code === undefined || STABLE.test(ended.code), `${where}: ${ended.code} ${ended.message}`);
    if (ended.code !== undefined && ended.code !== 'PLAN_CHANGED') assert.match(ended.message, /acme\/liar/, where);
    assert.doesNotMatch(ended.message, /\p{Cc}(?<!\n)|\u202e/u, where);
    await assertKept(where, id, fault.denies === true);
    await settle(where, id, ended);
  }

  // A lie at the start of a process needs a process that is started now.
  async function untilIdle({ script }: ProviderFault): Promise<void> {
    if (!('start' in script({ ...steady }))) return;
    await until('the provider is idle', () => processesWith(liar.scriptFile, 'environ').length === 0);
  }

  function count({ status, code }: Ended): void {
    const what = code ?? status;
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }

  async function mustCreate(id: string): Promise<void> {
    const { status, message } = await act('create', id);
    assert.equal(status, 'FINISHED', message);
  }

  async function act(kind: (typeof kinds)[number], id: string, token?: string): Promise<Ended> {
    if (kind === 'create')
      return send(
        `intentResourceCreate(intentProject: "lies", resourceID: $id, provider: "${liarAddress}", type: "liar_thing", config: { name: "x", secret: "hidden" })`,
        id,
      );
    if (kind === 'import')
      return send(
        `intentResourceImport(intentProject: "lies", resourceID: $id, provider: "${liarAddress}", type: "liar_thing", importID: "found-${id}")`,
        id,
      );
    if (kind === 'refresh') return send('intentResourceRefresh(intentProject: "lies", resourceID: $id)', id);
    const confirmation = token === undefined ? '' : `, confirmation: "${token}"`;
    if (kind === 'delete')
      return send(`intentResourceDelete(intentProject: "lies", resourceID: $id${confirmation})`, id);
    const label = kind === 'replace' ? 'label: "new"' : 'secret: "other"';
    const update = (more: string) =>
      send(`intentResourceUpdate(intentProject: "lies", resourceID: $id, config: { name: "x", ${label} }${more})`, id);
    const first = await update('');
    return kind === 'replace' && first.token !== undefined ? update(`, confirmation: "${first.token}"`) : first;
  }

  async function send(field: string, id: string): Promise<Ended> {
    const answer = await server.graphql(`mutation($id: ID!) { it: ${field} { ${OPERATION} } }`, { id });
    return ended(answer);
  }

  function ended({ data, errors }: GraphqlAnswer): Ended {
    const it: Json | undefined = data?.['it'];
    const operation = isJsonObject(it) ? it : undefined;
    const [error] = errors;
    const confirmation = operation?.['confirmation'];
    return {
      status: textOf(operation?.['status']) ?? 'ERROR',
      code: error?.extensions?.code,
      message: error?.message ?? textOf(operation?.['failure']) ?? textOf(operation?.['message']) ?? '',
      token: isJsonObject(confirmation) ? textOf(confirmation['token']) : undefined,
      id: textOf(operation?.['id']) ?? '',
    };
  }

  /** Each object in the cloud belongs to a record, or its record says that it cannot be trusted. */
  async function assertKept(where: string, id: string, denied: boolean): Promise<void> {
    const query =
      '{ it: intentResources(intentProject: "lies") { resources { resourceID condition state drift { paths } } } }';
    const { resources } = read<{ it: { resources: Kept[] } }>(await server.graphql(query)).it;
    const known = new Set(resources.map(({ state }) => state?.['id']));
    const strays = readdirSync(liar.cloud).filter((name) => !known.has(name) && name !== `found-${id}`);
    const own = resources.find(({ resourceID }) => resourceID === id);
    const marked = own !== undefined && (own.condition !== 'OK' || own.drift !== null);
    assert.ok(
      strays.length === 0 || marked || denied,
      `${where}: forgotten ${strays.join(', ')}; ${JSON.stringify(own)}`,
    );
  }

  /** The server serves on, and whatever is left can be put in order. */
  async function settle(where: string, id: string, last: Ended): Promise<void> {
    const found = await operationsOf(id);
    assert.ok(
      found.every(({ status }) => !['PLANNING', 'APPLYING', 'QUEUED'].includes(status)),
      `${where}: ${JSON.stringify(found)}`,
    );
    const [newest] = found;
    if (newest?.status === 'INTERRUPTED') await resume(newest.id);
    if (await exists(id)) {
      for (const field of ['intentResourceDelete', 'intentResourceEject']) {
        if (!(await exists(id))) break;
        const call = (more: string) => send(`${field}(intentProject: "lies", resourceID: $id${more})`, id);
        const { token } = await call('');
        if (token !== undefined) await call(`, confirmation: "${token}"`);
      }
    }
    assert.equal(await exists(id), false, `${where}: it could not be removed; it ended with ${JSON.stringify(last)}`);
    for (const name of readdirSync(liar.cloud)) rmSync(join(liar.cloud, name));
    await mustCreate(`${id}-after`);
    const { token } = await act('delete', `${id}-after`);
    assert.equal((await act('delete', `${id}-after`, token)).status, 'FINISHED', where);
  }

  async function resume(operation: string): Promise<void> {
    const document = `mutation($o: ID!) { it: intentResourceOperationResume(intentProject: "lies", operationID: $o) { ${OPERATION} } }`;
    const { code, message } = ended(await server.graphql(document, { o: operation }));
    assert.ok(code === undefined || STABLE.test(code), message);
  }

  async function exists(id: string): Promise<boolean> {
    const query = 'query($id: ID!) { it: intentResource(intentProject: "lies", resourceID: $id) { id } }';
    return read<{ it: object | null }>(await server.graphql(query, { id })).it !== null;
  }

  async function operationsOf(id: string): Promise<{ id: string; status: string }[]> {
    const query =
      'query($id: ID!) { it: intentResourceOperations(intentProject: "lies", resourceID: $id) { operations { id status } } }';
    const answer = await server.graphql(query, { id });
    return read<{ it: { operations: { id: string; status: string }[] } }>(answer).it.operations;
  }
});

/** Always the first of everything: only to ask a fault what it concerns. */
const steady: Random = {
  next: () => 0,
  below: () => 0,
  chance: () => false,
  pick: <T>([first]: readonly T[]) => first as T, // faults pick from lists that are not empty
};

function textOf(json: Json | undefined): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + ENDS_WITHIN_MS;
  while (!holds()) {
    assert.ok(Date.now() < deadline, what);
    await pause(50);
  }
}
