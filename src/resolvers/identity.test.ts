import assert from 'node:assert/strict';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const EXCHANGE = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { id jwt validUntil } }';

describe('API keys', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  const viewer = (token: string) => server.graphql('{ viewer { name admin } }', {}, token);

  it('are exchanged for a token of one hour that is bound to this server', async () => {
    const made = read<{ apiKeyCreate: { id: string; secret: string } }>(
      await server.graphql(
        'mutation { apiKeyCreate(input: { name: "robot", admin: true, teams: [] }) { id secret admin } }',
      ),
    ).apiKeyCreate;
    const { apiKeyUser } = read<{ apiKeyUser: { jwt: string; validUntil: number } }>(
      await server.graphql(EXCHANGE, made, ''),
    );
    const claims = JSON.parse(Buffer.from(apiKeyUser.jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    assert.equal(claims['aud'], server.url);
    assert.equal(claims['iss'], 'api-key');
    assert.equal(claims['sub'], made.id);
    assert.equal(claims['exp'], apiKeyUser.validUntil);
    assert.ok(Math.abs(apiKeyUser.validUntil - Date.now() / 1000 - 3600) < 60);
    assert.deepEqual((await viewer(apiKeyUser.jwt)).data, { viewer: { name: 'robot', admin: true } });
  });

  it('answer alike to a wrong secret and an unknown id', async () => {
    const { id } = await aKey(server, {});
    const wrong = refusal(await server.graphql(EXCHANGE, { id, secret: 'guess' }, ''));
    const unknown = refusal(await server.graphql(EXCHANGE, { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', secret: 'guess' }, ''));
    assert.deepEqual(wrong, unknown);
    assert.equal(wrong.code, 'UNAUTHENTICATED');
  });

  it('show their secret once', async () => {
    const { id } = await aKey(server, {});
    const answer = await server.graphql('query($id: ID!) { apiKey(id: $id) { id secret } }', { id });
    assert.deepEqual(answer.data, { apiKey: { id, secret: null } });
  });

  it('show the levels of access that they hold', async () => {
    const { id } = await aKey(server, { 'space-writer': 'root' });
    const found = await server.graphql(
      'query($id: ID!) { apiKey(id: $id) { admin accessRules { space spaceAccessLevel } } }',
      { id },
    );
    assert.deepEqual(read(found), {
      apiKey: { admin: false, accessRules: [{ space: 'root', spaceAccessLevel: 'WRITE' }] },
    });
  });

  it('get a new secret, and take tokens of another server instead of one', async () => {
    const { id } = await aKey(server, {});
    const rotated = read<{ apiKeyRotate: { secret: string; type: string } }>(
      await server.graphql('mutation($id: ID!) { apiKeyRotate(id: $id, graceSeconds: 60) { secret type } }', { id }),
    ).apiKeyRotate;
    assert.match(rotated.secret, /^[\w-]{43}$/);
    const input = {
      name: 'ci',
      admin: false,
      teams: [],
      oidc: { issuer: 'https://a.example', clientId: 'sluice', subjectExpression: 'x' },
    };
    const made = await server.graphql(
      `mutation($input: ApiKeyInput!) { apiKeyCreate(input: $input) {
        type secret oidcSettings { issuer clientId subjectExpression claimMapping { entries { name value } } } } }`,
      { input },
    );
    assert.deepEqual(read(made), {
      apiKeyCreate: {
        type: 'OIDC',
        secret: null,
        oidcSettings: { ...input.oidc, claimMapping: { entries: [] } },
      },
    });
  });

  it('lose their tokens with the key', async () => {
    const { id, token } = await aKey(server, { 'space-reader': 'root' });
    assert.equal((await viewer(token)).status, 200);
    read(await server.graphql('mutation($id: ID!) { apiKeyDelete(id: $id) { id } }', { id }));
    const after = await viewer(token);
    assert.equal(after.status, 401);
    assert.match(refusal(after).message, /^unauthorized: the API key of this token was deleted/);
  });

  it('gain and lose rights on the next request', async () => {
    const { id, token } = await aKey(server, {});
    const spaces = async () => read<{ spaces: unknown[] }>(await server.graphql('{ spaces { id } }', {}, token)).spaces;
    assert.equal(refusal(await server.graphql('{ spaces { id } }', {}, token)).code, 'FORBIDDEN');
    const bound = read<{ apiKeyRoleBindingCreate: { id: string } }>(
      await server.graphql(
        'mutation($input: ApiKeyRoleBindingInput!) { apiKeyRoleBindingCreate(input: $input) { id role { slug } } }',
        {
          input: { apiKeyID: id, roleID: 'space-reader', spaceID: 'root' },
        },
      ),
    ).apiKeyRoleBindingCreate;
    assert.ok((await spaces()).length > 0);
    read(await server.graphql('mutation($id: ID!) { apiKeyRoleBindingDelete(id: $id) { id } }', { id: bound.id }));
    assert.equal(refusal(await server.graphql('{ spaces { id } }', {}, token)).code, 'FORBIDDEN');
  });

  it('are managed by admins of root alone', async () => {
    const { token } = await aKey(server, { 'space-writer': 'root' });
    assert.equal(refusal(await server.graphql('{ apiKeys { id } }', {}, token)).code, 'FORBIDDEN');
  });

  it('refuse tokens of another algorithm, audience or signature', async () => {
    const [header, payload, signature] = (await server.adminToken()).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as object;
    const foreign = Buffer.from(JSON.stringify({ ...claims, aud: 'https://elsewhere.example' })).toString('base64url');
    for (const token of [
      `${none}.${payload}.`,
      `${header}.${foreign}.${signature}`,
      `${header}.${payload}.${signature?.slice(2)}AA`,
    ]) {
      const answer = await viewer(token);
      assert.equal(answer.status, 401);
      assert.match(refusal(answer).message, /^unauthorized: /);
    }
  });
});
