import assert from 'node:assert/strict';

import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose';

import { isJsonObject } from '../../shared/json.ts';
import { saveSetting } from '../../storage/settings.ts';

import { type TestDomain, makeProject, testDomain } from '../../testing/domain.ts';
import { sharedServer } from '../../testing/shared-server.ts';
import type { WorkloadIdentity } from './identity-tokens.ts';
import { createIdentityTokens, type IdentityTokens, mountedTokens } from './index.ts';

const ISSUER = 'http://localhost:4000/identity';
const DAY = 24 * 60 * 60;
const shop = { project: 'shop', space: 'team', use: 'read', audience: 'sts.amazonaws.com' } as const;

/** What is published, looked at as far as it is used here; the library that verifies looks at the rest. */
function keySet(published: unknown): JSONWebKeySet {
  assert.ok(isJsonObject(published) && Array.isArray(published['keys']) && published['keys'].every(isJsonObject));
  return published as unknown as JSONWebKeySet;
}

describe('the identity of a project', () => {
  let domain: TestDomain;
  let identities: IdentityTokens;
  beforeEach(async () => {
    domain = await testDomain();
    identities = createIdentityTokens(domain.context);
  });

  /** As a cloud does it: by what the issuer publishes and nothing else. */
  async function believed(token: string, audience: string, publisher = identities): Promise<JWTPayload> {
    const keys = keySet(await publisher.documents.get('/identity/jwks')?.());
    const options = { issuer: ISSUER, audience, algorithms: ['RS256'], currentDate: domain.clock.now() };
    return (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  }

  const tokenFor = async (identity: WorkloadIdentity, giver = identities): Promise<string> =>
    (await giver.tokenFor(identity)).token;

  it('is told by a token for one audience and one use, which lasts an hour', async () => {
    const { iat = 0, nbf, exp, jti, ...claims } = await believed(await tokenFor(shop), shop.audience);
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: 'space:team:intent_project:shop:scope:read',
      aud: 'sts.amazonaws.com',
      spaceId: 'team',
      callerType: 'intent_project',
      callerId: 'shop',
      scope: 'read',
    });
    assert.deepEqual([nbf, exp], [iat, iat + 3600]);
    assert.match(jti ?? '', /^[0-9A-Z]{26}$/);
    await assert.rejects(believed(await tokenFor(shop), 'somebody.else'), /"aud" claim/);
    const change = await believed(await tokenFor({ ...shop, use: 'write' }), shop.audience);
    assert.equal(change.sub, 'space:team:intent_project:shop:scope:write');
  });

  it('stays the same text while half of its life is left, and is never another project’s', async () => {
    const first = await tokenFor(shop);
    domain.clock.advance(29 * 60);
    assert.equal(await tokenFor(shop), first);
    assert.notEqual(await tokenFor({ ...shop, project: 'other' }), first);
    domain.clock.advance(60);
    const next = await tokenFor(shop);
    assert.notEqual(next, first);
    await believed(next, shop.audience);
  });

  it('is signed by one key, whichever server gives it out', async () => {
    const other = createIdentityTokens(domain.context);
    await believed(await tokenFor(shop, other), shop.audience, identities);
    await believed(await tokenFor(shop), shop.audience, other);
  });

  describe('is signed', () => {
    const published = async (): Promise<JSONWebKeySet> => keySet(await identities.documents.get('/identity/jwks')?.());
    const kids = async (): Promise<(string | undefined)[]> => (await published()).keys.map(({ kid }) => kid);
    const sign = async (): Promise<{ token: string; kid: string | undefined }> => {
      const token = await tokenFor(shop);
      return { token, kid: decodeProtectedHeader(token).kid };
    };

    it('by a new key every 90 days, which clouds have known for a week, and the one before is known on', async () => {
      const first = await sign();
      domain.clock.advance(90 * DAY - 1);
      assert.equal((await sign()).kid, first.kid);
      assert.deepEqual(await kids(), [first.kid]);
      domain.clock.advance(1);
      const [announced] = await kids();
      assert.notEqual(announced, first.kid);
      domain.clock.advance(7 * DAY - 1);
      const last = await sign();
      assert.equal(last.kid, first.kid);
      domain.clock.advance(31 * 60); // the text of a token is kept for half an hour
      const next = await sign();
      assert.equal(next.kid, announced);
      assert.deepEqual(await kids(), [announced, first.kid]);
      for (const { token } of [last, next]) await believed(token, shop.audience);
    });

    it('by the key that clouds know from before keys were renewed, until they know the next one', async () => {
      const { privateKey } = await generateKeyPair('RS256', { extractable: true });
      const old = JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'old', alg: 'RS256', use: 'sig' });
      await domain.context.storage.transaction((db) => saveSetting(db, 'identity-token-key', old));
      const before = await sign();
      assert.equal(before.kid, 'old');
      await believed(before.token, shop.audience);
      const [next, ...others] = await kids();
      assert.deepEqual(others, ['old']);
      domain.clock.advance(7 * DAY);
      assert.equal((await sign()).kid, next);
    });

    it('by keys of which no secret part is published', async () => {
      await sign();
      domain.clock.advance(90 * DAY);
      const names = (await published()).keys.map((key) => Object.keys(key).toSorted());
      const open = ['alg', 'e', 'kid', 'kty', 'n', 'use'];
      assert.deepEqual(names, [open, open]);
    });
  });

  it('is mounted for each audience that the project names', async () => {
    const project = await makeProject(domain, 'mine');
    const context = { ...domain.context, identities };
    const audiences = { 'aws.token': 'sts.amazonaws.com', 'azure/token': 'api://AzureADTokenExchange' };
    const { files, secrets } = await mountedTokens(context, audiences, { project, use: 'write' });
    const texts = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text).toString()]));
    assert.deepEqual(Object.values(texts), secrets);
    for (const [path, audience] of Object.entries(audiences)) {
      const { callerId, scope } = await believed(texts[path] ?? '', audience);
      assert.deepEqual([callerId, scope], [project, 'write']);
    }
    assert.deepEqual(await mountedTokens(context, {}, { project, use: 'read' }), {
      files: {},
      secrets: [],
      renewAt: undefined,
    });
  });
});

describe('who is to believe the identity of a project', () => {
  it('finds the issuer and its public key, and no secret part of it', async () => {
    const { url } = await sharedServer();
    const get = async (path: string) => (await fetch(url + path)).json() as Promise<Record<string, unknown>>;
    const { issuer, jwks_uri } = await get('/identity/.well-known/openid-configuration');
    assert.deepEqual([issuer, jwks_uri], [`${url}/identity`, `${url}/identity/jwks`]);
    const { keys } = keySet(await get('/identity/jwks'));
    assert.deepEqual(
      keys.map((key) => Object.keys(key).toSorted()),
      [['alg', 'e', 'kid', 'kty', 'n', 'use']],
    );
  });
});
