import assert from 'node:assert/strict';

import { mcpClients } from '../testing/mcp-clients.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';

const makeDocument = `mutation($input: PersonalAccessTokenInput!) {
  personalAccessTokenCreate(input: $input) { id token scopes lastUsedAt }
}`;

interface Made {
  readonly id: string;
  readonly token: string;
}

describe('personal access tokens at the doors', function () {
  let server: TestServer;
  let owner: string;
  before(async () => {
    server = await sharedServer();
    owner = (await aKey(server, { 'space-admin': 'root' })).token;
  });

  const make = async (scopes: string[]): Promise<Made> => {
    const made = await server.graphql(makeDocument, { input: { name: 'ci', scopes } }, owner);
    return read<{ personalAccessTokenCreate: Made }>(made).personalAccessTokenCreate;
  };

  for (const path of ['/mcp', '/intent/mcp']) {
    for (const { era, connect } of mcpClients) {
      it(`open ${path} to a client of ${era} as far as their scopes go`, async () => {
        const names = async (token: string): Promise<string[]> => {
          const session = await connect({ url: server.url + path, headers: { authorization: `Bearer ${token}` } });
          const tools = await session.listTools();
          await session.close();
          return tools.map(({ name }) => name);
        };
        const [reading, writing] = [await make(['mcp:read']), await make(['mcp:write'])];
        const [some, all] = [await names(reading.token), await names(writing.token)];
        assert.ok(some.length > 0 && some.length < all.length, `${some.length} of ${all.length}`);
        assert.ok(some.every((name) => all.includes(name)));
      });
    }
  }

  it('read and change by GraphQL as far as their scopes go', async () => {
    const [reading, writing] = [await make(['mcp:read']), await make(['mcp:write'])];
    const change = 'mutation { intentProjectCreate(name: "Made by a token") { id } }';
    assert.deepEqual(read(await server.graphql('{ viewer { admin } }', {}, reading.token)), {
      viewer: { admin: true },
    });
    assert.equal(refusal(await server.graphql(change, {}, reading.token)).code, 'INSUFFICIENT_SCOPE');
    assert.notEqual(
      (await server.graphql(change, {}, writing.token)).errors[0]?.extensions?.code,
      'INSUFFICIENT_SCOPE',
    );
  });

  it('are listed to their owner and refused once deleted', async () => {
    const { id, token } = await make(['mcp:read']);
    const listed = read<{ personalAccessTokens: Made[] }>(
      await server.graphql('{ personalAccessTokens { id token } }', {}, owner),
    );
    assert.ok(listed.personalAccessTokens.some((each) => each.id === id && each.token === null));
    read(await server.graphql('mutation($id: ID!) { personalAccessTokenDelete(id: $id) { id } }', { id }, owner));
    assert.equal((await server.graphql('{ viewer { id } }', {}, token)).status, 401);
  });

  it('are out of reach for strangers', async () => {
    assert.equal(refusal(await server.graphql('{ personalAccessTokens { id } }', {}, '')).code, 'UNAUTHENTICATED');
  });

  it('can be had narrower for an hour from any other token', async () => {
    const narrow = 'mutation { accessTokenNarrow(scopes: ["mcp:read"], ttlSeconds: 60) { jwt validUntil } }';
    const { jwt, validUntil } = read<{ accessTokenNarrow: { jwt: string; validUntil: number } }>(
      await server.graphql(narrow, {}, owner),
    ).accessTokenNarrow;
    assert.ok(Math.abs(validUntil - Date.now() / 1000 - 60) < 30);
    assert.deepEqual(read(await server.graphql('{ viewer { admin } }', {}, jwt)), { viewer: { admin: true } });
    const change = 'mutation { intentProjectCreate(name: "Made by a token") { id } }';
    assert.equal(refusal(await server.graphql(change, {}, jwt)).code, 'INSUFFICIENT_SCOPE');
  });

  it('make nothing that would outlive them, once they are lent', async () => {
    const narrow = 'mutation { accessTokenNarrow(scopes: ["mcp:write"], ttlSeconds: 60) { jwt } }';
    const { jwt } = read<{ accessTokenNarrow: { jwt: string } }>(
      await server.graphql(narrow, {}, owner),
    ).accessTokenNarrow;
    const key = 'mutation { apiKeyCreate(input: { name: "lasting", admin: true, teams: [] }) { id } }';
    for (const [document, variables] of [
      [makeDocument, { input: { name: 'lasting', scopes: ['mcp:write'] } }],
      [key, {}],
    ] as const) {
      const { code, message } = refusal(await server.graphql(document, variables, jwt));
      assert.deepEqual([code, /narrowed token/.test(message)], ['FORBIDDEN', true]);
    }
    read(await server.graphql(narrow, {}, jwt)); // a narrower one ends with this one
  });

  it('end no session but their own', async () => {
    const [own, other] = [await make(['mcp:write']), await make(['mcp:write'])];
    const end = (id: string): string => `mutation { sessionEnd(id: "${id}") { id } }`;
    assert.equal(refusal(await server.graphql(end(`token:${other.id}`), {}, own.token)).code, 'NO_SUCH');
    assert.equal(
      refusal(await server.graphql('mutation { sessionsEndOthers { id } }', {}, own.token)).code,
      'FORBIDDEN',
    );
    assert.equal((await server.graphql('{ viewer { id } }', {}, other.token)).status, 200);
  });
});
