import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { newUlid } from '../shared/ids.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { campaign, type Random } from '../testing/campaign.ts';
import type { GraphqlAnswer, TestServer } from '../testing/server.ts';
import { aKey, read, sharedServer } from '../testing/shared-server.ts';

// Handles: whatever stands for something and could be guessed, stolen or altered. Every one must be worth nothing
// without the rights that go with it.

interface Bench {
  readonly server: TestServer;
  /** May do everything, and owns what is in the vault. */
  readonly owner: string;
  /** Holds all rights in the street, none in the vault. */
  readonly thief: string;
  readonly vault: string;
  readonly vaultProject: string;
  readonly streetProject: string;
  readonly operation: string;
  readonly policy: string;
  readonly cursors: readonly string[];
}

type Attempt = (bench: Bench, random: Random) => Promise<void>;

const space = 'mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }';
const project = 'mutation($name: String!, $space: ID!) { intentProjectCreate(name: $name, space: $space) { id } }';
const create = `mutation($p: ID!, $r: ID!) { intentResourceCreate(intentProject: $p, resourceID: $r,
  provider: "sluice/sandbox", type: "sandbox_pet", config: {}) { id status } }`;
const remove = `mutation($p: ID!, $r: ID!, $confirmation: String) {
  intentResourceDelete(intentProject: $p, resourceID: $r, confirmation: $confirmation) { id status confirmation { token } } }`;

async function openBench(): Promise<Bench> {
  const server = await sharedServer();
  const name = newUlid().slice(-8).toLowerCase();
  const make = async (document: string, variables: JsonObject): Promise<string> => {
    const data = read<Record<string, { id: string }>>(await server.graphql(document, variables));
    return Object.values(data)[0]?.id ?? assert.fail(document);
  };
  const input = { description: '', inheritEntities: false, parentSpace: 'root' };
  const vault = await make(space, { input: { ...input, name: `Vault ${name}` } });
  const street = await make(space, { input: { ...input, name: `Street ${name}` } });
  const vaultProject = await make(project, { name: `Vault ${name}`, space: vault });
  const streetProject = await make(project, { name: `Street ${name}`, space: street });
  const operation = await make(create, { p: vaultProject, r: 'treasure' });
  const thief = (await aKey(server, { 'space-admin': street })).token;
  await server.graphql(create, { p: streetProject, r: 'treasure' }, thief);
  const found = read<{ searchIntentProjects: { edges: { cursor: string }[] } }>(
    await server.graphql('{ searchIntentProjects(input: { first: 50 }) { edges { cursor } } }'),
  );
  const cursors = found.searchIntentProjects.edges.map(({ cursor }) => cursor);
  const policies = read<{ policies: { id: string }[] }>(await server.graphql('{ policies { id } }'));
  const owner = await server.adminToken();
  const policy = policies.policies[0]?.id ?? newUlid();
  return { server, owner, thief, vault, vaultProject, streetProject, operation, policy, cursors };
}

/** Nothing is told: null or no such thing, and in both cases nothing of the vault. */
function tellsNothing({ data, errors }: GraphqlAnswer, bench: Bench): void {
  const value: unknown = data === null ? null : Object.values(data)[0];
  assert.ok(value === null || value === undefined, JSON.stringify(data));
  for (const { extensions } of errors) assert.match(extensions?.code ?? '', /^(?:NO_SUCH|FORBIDDEN)$/);
  assert.doesNotMatch(JSON.stringify([data, errors]).replaceAll(bench.vaultProject, ''), /treasure|sandbox_pet/);
}

/** One character another, or one more, or one less. */
function alter(text: string, random: Random): string {
  const at = random.below(text.length);
  const other = text[at] === 'A' ? 'B' : 'A';
  return random.pick([
    text.slice(0, at) + other + text.slice(at + 1),
    text.slice(0, at) + text.slice(at + 1),
    `${text}A`,
    text.slice(0, -1),
  ]);
}

const guess = (random: Random): string => random.pick([randomBytes(32), randomBytes(16)]).toString('base64url');
const operationOf = (p: string, id: string) =>
  [
    `query($p: ID!, $id: ID!) { intentResourceOperation(intentProject: $p, id: $id) { id resourceID type } }`,
    { p, id },
  ] as const;

/** A number close by: ULIDs made in one moment differ in their last letters. */
function nearby(ulid: string, random: Random): string {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');
  return ulid.slice(0, -2) + random.pick(letters) + random.pick(letters);
}

async function page(bench: Bench, path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(bench.server.url + path, { redirect: 'manual', headers: { accept: 'text/html', ...headers } });
}

async function tokenRequest({ server }: Bench, fields: Readonly<Record<string, string>>): Promise<void> {
  const body = new URLSearchParams({ client_id: 'somebody', resource: `${server.url}/mcp`, ...fields });
  const answer = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
  assert.ok([400, 401, 429].includes(answer.status), String(answer.status));
  assert.equal('access_token' in ((await answer.json()) as object), false);
}

const attempts: Readonly<Record<string, Attempt>> = {
  'a stolen operation id': async (bench) => {
    tellsNothing(await bench.server.graphql(...operationOf(bench.vaultProject, bench.operation), bench.thief), bench);
  },
  "a stolen operation id under the thief's own project": async (bench) => {
    tellsNothing(await bench.server.graphql(...operationOf(bench.streetProject, bench.operation), bench.thief), bench);
  },
  'a guessed operation id': async (bench, random) => {
    const id = random.pick([nearby(bench.operation, random), newUlid(), guess(random)]);
    if (id === bench.operation) return;
    tellsNothing(await bench.server.graphql(...operationOf(bench.vaultProject, id), bench.owner), bench);
  },
  'a stolen operation id, to act on': async (bench, random) => {
    const p = random.pick([bench.vaultProject, bench.streetProject]);
    for (const field of ['intentResourceOperationCancel', 'intentResourceOperationResume']) {
      const document = `mutation($p: ID!, $id: ID!) { ${field}(intentProject: $p, operationID: $id) { id } }`;
      tellsNothing(await bench.server.graphql(document, { p, id: bench.operation }, bench.thief), bench);
    }
  },
  'a guessed name of a resource': async (bench) => {
    const document = 'query($p: ID!) { intentResource(intentProject: $p, resourceID: "treasure") { id } }';
    tellsNothing(await bench.server.graphql(document, { p: bench.vaultProject }, bench.thief), bench);
  },
  'a guessed name of a project or a space': async (bench) => {
    const one = 'query($id: ID!) { intentProject(id: $id) { id } }';
    tellsNothing(await bench.server.graphql(one, { id: bench.vaultProject }, bench.thief), bench);
    const other = 'query($id: ID!) { space(id: $id) { id } }';
    tellsNothing(await bench.server.graphql(other, { id: bench.vault }, bench.thief), bench);
  },
  'a stolen cursor': async (bench, random) => {
    const after = random.pick(bench.cursors);
    const document =
      'query($after: String) { searchIntentProjects(input: { after: $after }) { edges { node { id } } } }';
    const { data } = await bench.server.graphql(document, { after }, bench.thief);
    assert.doesNotMatch(JSON.stringify(data), new RegExp(`"${bench.vaultProject}"`));
  },
  'an altered cursor': async (bench, random) => {
    const after = random.pick([alter(random.pick(bench.cursors), random), guess(random), "' or 1=1 --"]);
    const document =
      'query($after: String) { searchIntentProjects(input: { after: $after }) { edges { node { id } } } }';
    const { data, errors } = await bench.server.graphql(document, { after }, bench.thief);
    for (const { extensions } of errors) assert.equal(extensions?.code, 'BAD_INPUT');
    assert.doesNotMatch(JSON.stringify(data), new RegExp(`"${bench.vaultProject}"`));
  },
  'a stolen, altered or guessed confirmation': async (bench, random) => {
    const target = { p: bench.streetProject, r: 'treasure' };
    const asked = read<{ intentResourceDelete: { confirmation: { token: string } } }>(
      await bench.server.graphql(remove, target, bench.thief),
    );
    const { token } = asked.intentResourceDelete.confirmation;
    const [caller, given] = random.pick([
      [bench.owner, token], // given to another session
      [bench.thief, alter(token, random)],
      [bench.thief, guess(random)],
      [bench.thief, ''],
    ] as const);
    const { data, errors } = await bench.server.graphql(remove, { ...target, confirmation: given }, caller);
    const removed: Json | undefined = data?.['intentResourceDelete'];
    const status = isJsonObject(removed) ? removed['status'] : undefined;
    assert.notEqual(status, 'FINISHED', JSON.stringify(errors));
    assert.notEqual(status, 'APPLYING');
    const still = await bench.server.graphql(
      'query($p: ID!) { intentResource(intentProject: $p, resourceID: "treasure") { id } }',
      { p: bench.streetProject },
    );
    assert.notEqual(Object.values(read<Record<string, unknown>>(still))[0], null);
  },
  'a guessed session of a browser': async (bench, random) => {
    const answer = await page(bench, '/account', { cookie: `sluice_session=${guess(random)}` });
    assert.ok(answer.status === 302 || answer.status === 303, String(answer.status));
    assert.match(answer.headers.get('location') ?? '', /^\/sign-in/);
  },
  'a guessed page of consent': async (bench, random) => {
    const answer = await page(bench, `/oauth/consent/${guess(random)}`, {
      cookie: `sluice_oauth_page=${guess(random)}; sluice_oauth_page.sig=${guess(random)}`,
    });
    assert.equal(answer.status, 404);
  },
  'a guessed invitation': async (bench, random) => {
    const answer = await page(bench, `/invitation/${guess(random)}`, {});
    assert.ok([404, 429].includes(answer.status), String(answer.status));
  },
  'a guessed code': (bench, random) =>
    tokenRequest(bench, {
      grant_type: 'authorization_code',
      code: guess(random),
      code_verifier: guess(random),
      redirect_uri: 'http://127.0.0.1:1/callback',
    }),
  'a guessed refresh token': (bench, random) =>
    tokenRequest(bench, { grant_type: 'refresh_token', refresh_token: guess(random) }),
  'an altered token': async (bench, random) => {
    const [head = '', body = '', signature = ''] = bench.thief.split('.');
    // The last letter of a signature holds bits that count for nothing, so it is left alone.
    const bad = random.pick([
      `${head}.${body}.${alter(signature.slice(0, -1), random)}A`,
      `${head}.${alter(body, random)}.${signature}`,
      `${guess(random)}.${body}.${signature}`,
    ]);
    if (bad === bench.thief) return;
    const { status, data } = await bench.server.graphql('{ spaces { id } }', {}, bad);
    assert.deepEqual([status, data], [401, null]);
  },
  'the id of a session of an MCP client': async (bench, random) => {
    const answer = await fetch(`${bench.server.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': guess(random),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    assert.equal(answer.status, 401);
  },
  'the secret of a key that is guessed': async (bench, random) => {
    const document = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';
    const { data, errors } = await bench.server.graphql(document, { id: newUlid(), secret: guess(random) }, '');
    assert.match(errors[0]?.extensions?.code ?? '', /^(?:UNAUTHENTICATED|RATE_LIMITED)$/);
    assert.equal(Object.values(data ?? {})[0] ?? null, null);
  },
};

describe('handles', () => {
  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  const kinds = Object.entries(attempts);
  const handles = campaign('handles', { short: 85, tenth: 1_000, full: 10_000 });

  it(`are worth nothing when they are guessed, stolen or altered: ${handles.count} handles of ${kinds.length} kinds`, async () => {
    const tried = new Map<string, number>();
    await handles.run(async (random, index) => {
      const [kind, attempt] = kinds[index % kinds.length] ?? assert.fail('there are kinds');
      try {
        await attempt(bench, random);
      } catch (error) {
        if (error instanceof Error) error.message = `${kind}: ${error.message}`;
        throw error;
      }
      tried.set(kind, (tried.get(kind) ?? 0) + 1);
    });
    assert.equal(tried.size, Math.min(kinds.length, handles.count));
  });

  it('open what they stand for to those who hold the rights', async () => {
    const { data } = await bench.server.graphql(...operationOf(bench.vaultProject, bench.operation), bench.owner);
    assert.match(JSON.stringify(data), /"resourceID":"treasure","type":"sandbox_pet"/);
  });
});
