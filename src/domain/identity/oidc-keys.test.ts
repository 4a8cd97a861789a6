import assert from 'node:assert/strict';

import { exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';

import { createOutbound, type Outbound } from '../../outbound/index.ts';
import { anonymous } from '../../shared/caller.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { startIssuer, type TestIssuer } from '../../testing/issuer.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { DomainContext } from '../context.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import {
  type ApiKeyRecord,
  createApiKey,
  createCallerSource,
  exchangeApiKey,
  findApiKey,
  rotateApiKey,
  updateApiKey,
} from './index.ts';

const REFUSED = /^unauthorized: no API key has this id and secret$/;
const MINUTE = 60;

describe('API keys that take tokens of another server', () => {
  let domain: TestDomain;
  let issuer: TestIssuer;
  let outbound: Outbound;
  let context: DomainContext;
  let key: ApiKeyRecord;

  before(async () => {
    issuer = await startIssuer();
    outbound = createOutbound({ allow: [issuer.host] });
  });
  after(async () => {
    issuer.stop();
    await outbound.close();
  });
  beforeEach(async () => {
    issuer.documents.clear();
    issuer.asked.length = 0;
    domain = await testDomain();
    context = { ...domain.context, issuers: createIssuerKeys({ outbound, clock: domain.clock }) };
    key = await newKey();
  });

  const subjectExpression = 'repo:acme/[\\w-]+:ref:refs/heads/main';
  const newKey = (oidc: object = {}): Promise<ApiKeyRecord> =>
    createApiKey(context, domain.admin, {
      name: 'ci',
      admin: false,
      teams: [],
      oidc: { issuer: issuer.url, clientId: 'sluice', subjectExpression, ...oidc },
    });
  const now = (): number => Math.floor(domain.clock.now().getTime() / 1000);
  const claims = (changes: Readonly<Record<string, unknown>> = {}): JWTPayload => ({
    iss: issuer.url,
    aud: 'sluice',
    sub: 'repo:acme/shop:ref:refs/heads/main',
    iat: now(),
    exp: now() + 5 * MINUTE,
    ref: 'refs/heads/main',
    ...changes,
  });
  const exchange = (secret: string, id = key.id) =>
    exchangeApiKey(context, { ...domain.admin, caller: anonymous }, { id, secret });
  const trail = async (action: string): Promise<unknown[]> => {
    const { rows } = await context.storage.executeSql('select data from audit_entry where action = $1', [action]);
    return rows;
  };

  it('are exchanged for a token of the key', async () => {
    assert.deepEqual([key.type, key.secret], ['OIDC', null]);
    const { jwt } = await exchange(await issuer.sign(claims()));
    const source = await createCallerSource(context);
    assert.deepEqual((await source.callerOf(jwt, '/graphql', domain.admin.origin)).principal, {
      kind: 'API_KEY',
      id: key.id,
      name: 'ci',
    });
    await source.stop();
  });

  it('take what is signed with a key that the issuer has changed since, and take nothing else for it', async () => {
    await exchange(await issuer.sign(claims()));
    const old = await issuer.sign(claims());
    await issuer.rotate();
    domain.clock.advance(MINUTE);
    await exchange(await issuer.sign(claims()));
    await assertRefused('UNAUTHENTICATED', exchange(old), REFUSED);
  });

  it('ask the issuer once for many, and not at every made-up key', async () => {
    for (let count = 0; count < 5; count += 1) await exchange(await issuer.sign(claims()));
    for (let count = 0; count < 5; count += 1) {
      await assertRefused('UNAUTHENTICATED', exchange(await issuer.sign(claims(), { kid: `made up ${count}` })));
    }
    assert.deepEqual(issuer.asked, ['/.well-known/openid-configuration', '/keys']);
  });

  const wrongClaims: Readonly<Record<string, () => JWTPayload>> = {
    'for another audience': () => claims({ aud: 'elsewhere' }),
    'of another issuer': () => claims({ iss: 'https://issuer.example' }),
    'that has ended': () => claims({ iat: now() - 10 * MINUTE, exp: now() - MINUTE }),
    'that is not good yet': () => claims({ nbf: now() + 5 * MINUTE }),
    'issued in the future': () => claims({ iat: now() + 5 * MINUTE }),
    'issued too long ago': () => claims({ iat: now() - 25 * 60 * MINUTE }),
    'without an end': () => claims({ exp: undefined }),
    'without the time of its issue': () => claims({ iat: undefined }),
    'without a subject': () => claims({ sub: undefined }),
    'about another subject': () => claims({ sub: 'repo:evil/shop:ref:refs/heads/main' }),
    'whose subject only begins as it should': () => claims({ sub: 'repo:acme/shop:ref:refs/heads/main2' }),
    'whose subject only ends as it should': () => claims({ sub: 'xrepo:acme/shop:ref:refs/heads/main' }),
    'whose subject has a second line': () => claims({ sub: 'repo:acme/shop:ref:refs/heads/main\nx' }),
  };
  for (const [what, make] of Object.entries(wrongClaims)) {
    it(`refuse a token ${what}`, async () => {
      await assertRefused('UNAUTHENTICATED', exchange(await issuer.sign(make())), REFUSED);
    });
  }

  const forgeries: Readonly<Record<string, () => Promise<string>>> = {
    'without a signature': async () => new UnsecuredJWT(claims()).encode(),
    'signed with a key of somebody else': async () => {
      const { privateKey } = await generateKeyPair('ES256');
      return new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: '1' }).sign(privateKey);
    },
    'signed with the public key as a shared secret': async () => {
      const pem = await exportSPKI((await importJWK(issuer.publicJwk, 'ES256')) as CryptoKey);
      const header = { alg: 'HS256', kid: issuer.publicJwk.kid ?? '' };
      return new SignJWT(claims()).setProtectedHeader(header).sign(new TextEncoder().encode(pem));
    },
    'that is no token at all': async () => 'secret',
    'that is too long': async () => issuer.sign(claims({ padding: 'x'.repeat(9_000) })),
  };
  for (const [what, make] of Object.entries(forgeries)) {
    it(`refuse one ${what}`, async () =>
      assertRefused('UNAUTHENTICATED', exchange(await make()), REFUSED).then(() => {}));
  }

  it('take no shared secret that an issuer publishes', async () => {
    const secret = Buffer.from('a secret that everybody can read');
    issuer.documents.set('/keys', { keys: [{ kty: 'oct', k: secret.toString('base64url'), kid: 'shared' }] });
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'shared' }).sign(secret);
    await assertRefused('UNAUTHENTICATED', exchange(token), REFUSED);
  });

  it('believe no metadata that names another issuer', async () => {
    const lent = { issuer: 'https://issuer.example', jwks_uri: `${issuer.url}/keys` };
    issuer.documents.set('/.well-known/openid-configuration', lent);
    await assertRefused('UNAUTHENTICATED', exchange(await issuer.sign(claims())), REFUSED);
  });

  it('reach no private address that the operator has not named', async () => {
    const closed = createOutbound();
    context = { ...context, issuers: createIssuerKeys({ outbound: closed, clock: domain.clock }) };
    await assertRefused('UNAUTHENTICATED', exchange(await issuer.sign(claims())), REFUSED);
    assert.deepEqual(issuer.asked, []);
    await closed.close();
  });

  it('stop an expression that would keep the machine busy', async () => {
    const slow = await newKey({ subjectExpression: '(a+)+b' });
    const token = await issuer.sign(claims({ sub: 'a'.repeat(900) }));
    // Unstopped it would take longer than anybody waits.
    await assertRefused('UNAUTHENTICATED', exchange(token, slow.id), REFUSED);
  });

  it('name what is wrong with the trust that is asked for', async () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ issuer: 'accounts.example' }, /^oidc\.issuer: must be the URL/],
      [{ issuer: 'https://issuer.example/?a=1' }, /^oidc\.issuer: must have no query/],
      [{ clientId: ' ' }, /^oidc\.clientId: /],
      [{ subjectExpression: '' }, /^oidc\.subjectExpression: must have 1 to 300/],
      [{ subjectExpression: 'a'.repeat(301) }, /^oidc\.subjectExpression: must have 1 to 300/],
      [{ subjectExpression: 'a)|(b' }, /^oidc\.subjectExpression: must be a regular expression/],
      [{ subjectExpression: '(' }, /^oidc\.subjectExpression: must be a regular expression/],
    ];
    for (const [oidc, message] of wrong) await assertRefused('BAD_INPUT', newKey(oidc), message);
  });

  it('have no secret to be rotated, and take none', async () => {
    await assertRefused('CONFLICT', rotateApiKey(context, domain.admin, key.id, 0), /has no secret/);
    await assertRefused('UNAUTHENTICATED', exchange(''), REFUSED);
  });

  it('show whose tokens they take', async () => {
    const entries = [{ name: 'branch', value: 'ref' }];
    await updateApiKey(context, domain.admin, key.id, { oidcClaimMappings: { entries } });
    const found = await findApiKey(context, domain.admin, key.id);
    const { issuer: named, clientId, subjectExpression: expression, claimMapping } = found?.oidcSettings ?? {};
    assert.deepEqual(
      [named, clientId, expression, claimMapping],
      [issuer.url, 'sluice', subjectExpression, { entries }],
    );
  });

  it('leave a trail: who came, with the claims that were asked for, and genuine tokens that were refused', async () => {
    const entries = [{ name: 'branch', value: 'ref' }];
    await updateApiKey(context, domain.admin, key.id, { oidcClaimMappings: { entries } });
    await exchange(await issuer.sign(claims()));
    await assertRefused('UNAUTHENTICATED', exchange(await issuer.sign(claims({ sub: 'repo:evil/x' }))));
    await assertRefused('UNAUTHENTICATED', exchange('made up'));
    const [came, ...more] = (await trail('api-key.exchange')) as { data: { subject: string; claims: object } }[];
    assert.equal(more.length, 0);
    assert.equal(came?.data.subject, 'repo:acme/shop:ref:refs/heads/main');
    assert.deepEqual(came?.data.claims, { branch: 'refs/heads/main' });
    const refused = (await trail('api-key.exchange-refused')) as { data: { why: string } }[];
    assert.deepEqual(
      refused.map(({ data }) => data.why),
      ['the subject does not match'],
    );
  });
});
