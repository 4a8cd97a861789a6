import assert from 'node:assert/strict';

import { connectModern, type McpSession } from '../testing/mcp-clients.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';

const GUESSES = 1_000;
const provider = 'sluice/sandbox';

describe('confirmations that were not given', function () {
  let server: TestServer;
  let admin: McpSession;
  let other: McpSession;

  before(async () => {
    server = await startTestServer();
    const open = (token: string) =>
      connectModern({ url: `${server.url}/mcp`, headers: { authorization: `Bearer ${token}` } });
    admin = await open(await server.adminToken());
    other = await open(await secondAdmin());
  });
  after(async () => {
    await admin?.close();
    await other?.close();
    await server?.stop();
  });

  async function secondAdmin(): Promise<string> {
    const create = 'mutation { key: apiKeyCreate(input: {name: "other", admin: true, teams: []}) { id secret } }';
    const { key } = read<{ key: { id: string; secret: string } }>(await server.graphql(create));
    const exchange = 'mutation($id: ID!, $secret: String!) { user: apiKeyUser(id: $id, secret: $secret) { jwt } }';
    return read<{ user: { jwt: string } }>(await server.graphql(exchange, { ...key })).user.jwt;
  }

  it(`of a destructive field: ${GUESSES} altered tokens, a stolen one and a used one are refused`, async () => {
    const document = 'mutation { intentProjectDelete(id: "victim") { id } }';
    const create = 'mutation { intentProjectCreate(name: "victim") { id } }';
    const remove = (session: McpSession, confirmation?: string) =>
      session.call('mutate', confirmation === undefined ? { document } : { document, confirmation });
    assert.equal((await admin.call('mutate', { document: create })).isError, false);
    const asked = await remove(admin);
    const token = tokenOf(asked.structured['details']);
    for (let at = 0; at < GUESSES; at++) {
      assert.equal((await remove(admin, altered(token))).code, 'CONFIRMATION_REQUIRED');
    }
    assert.equal((await remove(other, token)).code, 'CONFIRMATION_REQUIRED');
    assert.equal((await remove(admin, token)).isError, false);
    assert.equal((await admin.call('mutate', { document: create })).isError, false);
    assert.equal((await remove(admin, token)).code, 'CONFIRMATION_REQUIRED');
    assert.equal((await remove(admin, tokenOf((await remove(admin)).structured['details']))).isError, false);
  });

  it('of a resource: altered, stolen and used tokens destroy nothing', async () => {
    const named = { project: 'starter', id: 'victim' };
    const make = { kind: 'create', ...named, provider, type: 'sandbox_pet', config: {} };
    const remove = (session: McpSession, confirmation?: string) =>
      session.call('intent', { kind: 'delete', ...named, ...(confirmation === undefined ? {} : { confirmation }) });
    const isThere = async () => !(await admin.call('intent', { kind: 'read', ...named })).isError;
    assert.equal((await admin.call('intent', make)).isError, false);
    for (let at = 0; at < 50; at++) {
      const token = tokenOf((await remove(admin)).structured['confirmation']);
      await remove(admin, altered(token));
      assert.ok(await isThere());
    }
    const token = tokenOf((await remove(admin)).structured['confirmation']);
    assert.equal((await remove(other, token)).code, 'CONFIRMATION_REQUIRED');
    assert.ok(await isThere());
    // The thief's call took the lock, which was free while the operation waited.
    assert.equal((await admin.call('intent', { kind: 'unlock', project: 'starter' })).isError, false);
    const fresh = tokenOf((await remove(admin)).structured['confirmation']);
    assert.equal((await remove(admin, fresh)).structured['outcome'], 'deleted');
    assert.equal((await admin.call('intent', make)).isError, false);
    await remove(admin, fresh);
    assert.ok(await isThere());
  });
});

function tokenOf(asked: unknown): string {
  const { token, confirmation } = asked as { token?: string; confirmation?: string };
  const found = token ?? confirmation;
  assert.ok(found !== undefined);
  return found;
}

/** The token with one character changed, left out or added. */
function altered(token: string): string {
  const at = Math.floor(Math.random() * token.length);
  const instead = token[at] === 'A' ? 'B' : 'A';
  const tail = ['', instead, `${instead}${token[at]}`][Math.floor(Math.random() * 3)] ?? '';
  const changed = token.slice(0, at) + tail + token.slice(at + 1);
  // Base64 may hold unused bits in its last character: a change of these alone is no other token.
  return at === token.length - 1 ? `x${changed}` : changed;
}
