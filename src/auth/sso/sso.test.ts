import assert from 'node:assert/strict';

import { silentLogger } from '../../shared/logger.ts';
import { companyClient, type CompanyIdp, otherClient, startCompanyIdp } from '../../testing/company-idp.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { createSso, type Sso, type SsoOptions } from './sso.ts';

const redirectUri = 'http://localhost:4000/sign-in/sso/callback';
const ada = { sub: 'employee-1', email: 'ada@example.com', email_verified: true, groups: ['engineers', 'admins'] };

describe('signing in at the company', () => {
  let idp: CompanyIdp;
  before(async () => {
    idp = await startCompanyIdp([redirectUri]);
  });
  after(() => idp.stop());
  beforeEach(() => idp.seat(ada));

  const ssoWith = (changes: Partial<SsoOptions> = {}): Sso =>
    createSso({
      issuer: idp.issuer,
      clientId: companyClient.id,
      clientSecret: companyClient.secret,
      scopes: 'openid profile email',
      groupsClaim: 'groups',
      redirectUri,
      outboundAllow: [],
      log: silentLogger,
      ...changes,
    });

  /** Goes there and comes back, with whatever somebody does to the addresses on the way. */
  async function goThrough(
    sso: Sso,
    { out = () => {}, back = () => {} }: { out?: (url: URL) => void; back?: (url: URL) => void } = {},
  ) {
    const { url, secrets } = await sso.begin();
    out(url);
    const callback = await idp.follow(url);
    back(callback);
    return sso.finish(callback.search, secrets);
  }
  const refused = (work: Promise<unknown>) => assertRefused('UNAUTHENTICATED', work, /^You were not signed in/);

  it('tells who somebody is by issuer and subject, with verified address and groups', async () => {
    assert.deepEqual(await goThrough(ssoWith()), {
      issuer: idp.issuer,
      subject: 'employee-1',
      email: 'ada@example.com',
      preferredName: undefined,
      groups: ['engineers', 'admins'],
    });
  });

  it('takes no address that the company has not verified, and no groups in another form than a list', async () => {
    idp.seat({ sub: 'employee-2', email: 'ada@example.com', email_verified: false, preferred_username: 'ada' });
    const identity = await goThrough(ssoWith());
    assert.equal(identity.email, undefined);
    assert.equal(identity.preferredName, 'ada');
    assert.deepEqual(identity.groups, []);
    assert.deepEqual((await goThrough(ssoWith({ groupsClaim: 'no_such_claim' }))).groups, []);
  });

  it('asks with proof key, state and nonce, anew each time', async () => {
    const sso = ssoWith();
    const [one, two] = [await sso.begin(), await sso.begin()];
    const { searchParams } = one.url;
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(searchParams.get('redirect_uri'), redirectUri);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(searchParams.get(name) ?? '', /^[\w-]{43}$/, name);
      assert.notEqual(searchParams.get(name), two.url.searchParams.get(name), name);
    }
  });

  describe('is refused', () => {
    it('with another state', () =>
      refused(goThrough(ssoWith(), { back: (url) => url.searchParams.set('state', 'x') })));

    it('without a state', () => refused(goThrough(ssoWith(), { back: (url) => url.searchParams.delete('state') })));

    it('with a token that was made for another nonce', () =>
      refused(goThrough(ssoWith(), { out: (url) => url.searchParams.set('nonce', 'x') })));

    it('with an answer that names another issuer, or none', async () => {
      await refused(goThrough(ssoWith(), { back: (url) => url.searchParams.set('iss', 'https://evil.example') }));
      await refused(goThrough(ssoWith(), { back: (url) => url.searchParams.delete('iss') }));
    });

    it('with the answer of another company’s provider', async () => {
      const other = await startCompanyIdp([redirectUri]);
      other.seat(ada);
      const sso = ssoWith();
      const { url, secrets } = await sso.begin();
      const elsewhere = new URL(url.href.replace(idp.issuer, other.issuer));
      const callback = await other.follow(elsewhere);
      await refused(sso.finish(callback.search, secrets));
      callback.searchParams.set('iss', idp.issuer);
      await refused(sso.finish(callback.search, secrets));
      await other.stop();
    });

    it('with a code that was given to another application', () =>
      refused(goThrough(ssoWith(), { out: (url) => url.searchParams.set('client_id', otherClient.id) })));

    it('with a code of another sign-in', async () => {
      const sso = ssoWith();
      const stolen = await idp.follow((await sso.begin()).url);
      const code = stolen.searchParams.get('code') ?? assert.fail();
      await refused(goThrough(sso, { back: (url) => url.searchParams.set('code', code) }));
    });

    it('with a code that was used', async () => {
      const sso = ssoWith();
      const { url, secrets } = await sso.begin();
      const callback = await idp.follow(url);
      await sso.finish(callback.search, secrets);
      await refused(sso.finish(callback.search, secrets));
    });

    it('with a wrong secret of our own', () => refused(goThrough(ssoWith({ clientSecret: 'a wrong one' }))));

    it('when the person cancels there', async () => {
      idp.seat(undefined);
      await refused(goThrough(ssoWith()));
    });

    it('with a signature of other keys than are published', async () => {
      const other = await startCompanyIdp([redirectUri]);
      other.seat(ada);
      other.losesItsKeys();
      const sso = ssoWith({ issuer: other.issuer });
      const { url, secrets } = await sso.begin();
      const callback = await other.follow(url);
      await refused(sso.finish(callback.search, secrets));
      await other.stop();
    });
  });

  it('is not begun at a provider that calls itself by another issuer', () =>
    assertRefused(
      'UNAVAILABLE',
      ssoWith({ issuer: idp.issuer.replace('127.0.0.1', 'localhost') }).begin(),
      /does not answer/,
    ));

  it('works again after the provider was away', async () => {
    const away = await startCompanyIdp([redirectUri]);
    await away.stop();
    const sso = ssoWith({ issuer: away.issuer });
    await assertRefused('UNAVAILABLE', sso.begin(), /does not answer/);
    const again = await startCompanyIdp([redirectUri], Number(new URL(away.issuer).port));
    assert.ok((await sso.begin()).url.href.startsWith(away.issuer));
    await again.stop();
  });
});
