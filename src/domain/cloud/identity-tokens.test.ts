import assert from 'node:assert/strict';

import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';

import { type TestDomain, makeProject, testDomain } from '../../testing/domain.ts';
import { sharedServer } from '../../testing/shared-server.ts';
import { createIdentityTokens, type IdentityTokens, mountedTokens } from './index.ts';

const ISSUER = 'http://localhost:4000/identity';
const shop = { project: 'shop', space: 'team', use: 'read', audience: 'sts.amazonaws.com' } as const;

describe('the identity of a project', () => {
  let domain: TestDomain;
  let identities: IdentityTokens;
  beforeEach(async () => {
    domain = await testDomain();
    identities = createIdentityTokens(domain.context);
  });

  /** As a cloud does it: by what the issuer publishes and nothing else. */
  async function believed(token: string, audience: string, publisher = identities): Promise<JWTPayload> {
    const keys = (await publisher.documents.get('/identity/jwks')?.()) as JSONWebKeySet;
    const options = { issuer: ISSUER, audience, algorithms: ['RS256'], currentDate: domain.clock.now() };
    return (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  }

  it('is told by a token for one audience and one use, which lasts an hour', async () => {
    const { iat = 0, nbf, exp, jti, ...claims } = await believed(await identities.tokenFor(shop), shop.audience);
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
    await assert.rejects(believed(await identities.tokenFor(shop), 'somebody.else'), /"aud" claim/);
    const change = await believed(await identities.tokenFor({ ...shop, use: 'write' }), shop.audience);
    assert.equal(change.sub, 'space:team:intent_project:shop:scope:write');
  });

  it('stays the same text while half of its life is left, and is never another project’s', async () => {
    const first = await identities.tokenFor(shop);
    domain.clock.advance(29 * 60);
    assert.equal(await identities.tokenFor(shop), first);
    assert.notEqual(await identities.tokenFor({ ...shop, project: 'other' }), first);
    domain.clock.advance(60);
    const next = await identities.tokenFor(shop);
    assert.notEqual(next, first);
    await believed(next, shop.audience);
  });

  it('is signed by one key, whichever server gives it out', async () => {
    const other = createIdentityTokens(domain.context);
    await believed(await other.tokenFor(shop), shop.audience, identities);
    await believed(await identities.tokenFor(shop), shop.audience, other);
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
    assert.deepEqual(await mountedTokens(context, {}, { project, use: 'read' }), { files: {}, secrets: [] });
  });
});

describe('who is to believe the identity of a project', () => {
  it('finds the issuer and its public key, and no secret part of it', async () => {
    const { url } = await sharedServer();
    const get = async (path: string) => (await fetch(url + path)).json() as Promise<Record<string, unknown>>;
    const { issuer, jwks_uri } = await get('/identity/.well-known/openid-configuration');
    assert.deepEqual([issuer, jwks_uri], [`${url}/identity`, `${url}/identity/jwks`]);
    const { keys } = (await get('/identity/jwks')) as unknown as JSONWebKeySet;
    assert.deepEqual(
      keys.map((key) => Object.keys(key).toSorted()),
      [['alg', 'e', 'kid', 'kty', 'n', 'use']],
    );
  });
});
