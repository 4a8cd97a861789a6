import assert from 'node:assert/strict';

import { clientMemory, oauthClients } from '../testing/oauth-client.ts';
import { companyClient, type CompanyIdp, type Employee, startCompanyIdp } from '../testing/company-idp.ts';
import { type Decision, formOf, password, plainPerson } from '../testing/person.ts';
import { aKey, read } from '../testing/shared-server.ts';
import { freePort, startTestServer, type TestServer } from '../testing/server.ts';

const grace: Employee = { sub: 'grace', email: 'grace@example.com', email_verified: true, groups: ['staff'] };

interface User {
  readonly id: string;
  readonly username: string;
  readonly source: string;
  readonly groups: readonly string[];
}

describe('a server with single sign-on', function () {
  let idp: CompanyIdp;
  let server: TestServer;
  let home: string;
  before(async () => {
    const port = await freePort(); // the company must know where people come back to before the server starts
    home = `http://localhost:${port}`;
    idp = await startCompanyIdp([`${home}/sign-in/sso/callback`]);
    const settings = {
      SLUICE_SSO_ISSUER: idp.issuer,
      SLUICE_SSO_CLIENT_ID: companyClient.id,
      SLUICE_SSO_CLIENT_SECRET: companyClient.secret,
      SLUICE_SSO_NAME: 'Example & Co',
      SLUICE_SSO_ALLOWED_GROUPS: 'staff,guests',
      SLUICE_SSO_ALLOWED_DOMAINS: 'example.com',
    };
    server = await startTestServer({ settings, port });
  });
  after(async () => {
    await server?.stop();
    await idp?.stop();
  });

  type Browser = ReturnType<typeof plainPerson>;

  /** Up to the address by which the company sends the browser back. */
  async function callbackFor(employee: Employee | undefined, browser: Browser, next = '/account'): Promise<URL> {
    idp.seat(employee);
    const away = await browser.visit(`${home}/sign-in/sso?next=${encodeURIComponent(next)}`);
    assert.equal(away.url.origin, idp.issuer, away.text);
    return idp.follow(away.url);
  }

  async function signIn(employee: Employee, browser = plainPerson(employee.sub)) {
    const callback = await callbackFor(employee, browser);
    return browser.visit(callback.href);
  }

  const users = async (): Promise<readonly User[]> =>
    read<{ managedUsers: User[] }>(await server.graphql('{ managedUsers { id username source groups } }')).managedUsers;
  const userCalled = async (name: string) => (await users()).find(({ username }) => username === name);
  const nameOn = (text: string) => /Signed in as <strong>([^<]+)</.exec(text)?.[1];

  it('offers it on the sign-in page, by a link that keeps where people were going', async () => {
    const page = await plainPerson('grace').visit(`${home}/sign-in?next=%2Faccount%2Fpassword`);
    assert.match(page.text, /href="\/sign-in\/sso\?next=%2Faccount%2Fpassword">Sign in with Example &amp; Co</);
  });

  it('lets people in under their own name and shows them as nobody’s admin', async () => {
    const page = await signIn(grace);
    assert.equal(page.url.pathname, '/account');
    assert.equal(nameOn(page.text), 'grace@example.com');
    assert.doesNotMatch(page.text, /Change your password/);
    assert.equal((await userCalled('grace@example.com'))?.source, 'SSO');
    await signIn(grace);
    assert.equal(
      (await users()).filter(({ username }) => username.startsWith('grace')).length,
      1,
      'the same one again',
    );
  });

  it('lets an assistant in whose person signs in there, who may do nothing but see who they are', async () => {
    const modern = oauthClients.find(({ era }) => era === '2026') ?? assert.fail();
    const session = await modern.connect(`${home}/mcp`, clientMemory('Assistant'), throughSso(grace));
    const viewer = await session.call('query', { document: '{ viewer { name admin } }' });
    assert.match(JSON.stringify(viewer.content), /grace@example.com/);
    const spaces = await session.call('query', { document: '{ spaces { id } }' });
    assert.equal(spaces.isError, true);
    assert.match(JSON.stringify(spaces.content), /unauthorized/);
    await session.close();
  });

  /** Somebody who takes the button at the sign-in page. */
  function throughSso(employee: Employee) {
    const browser = plainPerson(employee.sub);
    return {
      ...browser,
      async decide(authorization: URL, decision: Decision): Promise<URL> {
        const page = await browser.visit(authorization.href);
        assert.equal(page.url.pathname, '/sign-in');
        const back = await callbackFor(employee, browser, page.url.searchParams.get('next') ?? '');
        const consent = await browser.visit(back.href);
        assert.match(consent.url.pathname, /^\/oauth\/consent\//);
        const form = formOf(consent, { decision: decision.approve ? 'approve' : 'deny' });
        for (const scope of ['mcp:read', 'mcp:write']) form.append('scope', scope);
        return (await browser.visit(consent.url.href, form)).url;
      },
    };
  }

  it('gives what the groups of the company hold, for as long as they are named', async () => {
    const member: Employee = { ...grace, sub: 'joan', email: 'joan@example.com', groups: ['staff', 'readers'] };
    const created = await server.graphql(
      `mutation { managedUserGroupCreate(input: { groupName: "readers", description: "", accessRules: [{ space: "root", spaceAccessLevel: READ }] }) { id } }`,
    );
    const { id } = read<{ managedUserGroupCreate: { id: string } }>(created).managedUserGroupCreate;
    const session = await (oauthClients[0] ?? assert.fail()).connect(
      `${home}/mcp`,
      clientMemory('Reader'),
      throughSso(member),
    );
    const spaces = async () => (await session.call('query', { document: '{ spaces { id } }' })).isError === true;
    assert.equal(await spaces(), false);
    assert.deepEqual((await userCalled('joan@example.com'))?.groups, ['readers']);
    await signIn({ ...member, groups: ['staff'] });
    assert.equal(await spaces(), true, 'the next request of a session that goes on');
    const members = await server.graphql('query($id: ID!) { managedUserGroup(id: $id) { members { id } } }', { id });
    assert.deepEqual(members.data, { managedUserGroup: { members: [] } });
    await session.close();
  });

  describe('tells people apart', () => {
    it('by subject, whatever address or name they come with', async () => {
      const local = await invite('heidi@example.com');
      const person = plainPerson('heidi@example.com');
      await person.accept(local, '', password);
      for (const email_verified of [true, false]) {
        const sub = `heidi of another department ${email_verified}`;
        const employee = { sub, email: 'heidi@example.com', email_verified, preferred_username: 'heidi@example.com' };
        const page = await signIn({ ...employee, groups: ['staff'] });
        if (email_verified) assert.equal(nameOn(page.text), 'heidi@example.com.sso');
        else assert.match(page.text, /no verified e-mail address/);
      }
      assert.equal((await userCalled('heidi@example.com'))?.source, 'LOCAL');
      assert.equal(nameOn((await person.visit(`${home}/account`)).text), 'heidi@example.com', 'still signed in');
    });

    it('and lets nobody in by a password whom the company signs in', async () => {
      await signIn(grace);
      const page = await plainPerson('grace@example.com').visit(`${home}/sign-in`);
      for (const guess of ['', 'undefined', password]) {
        const person = plainPerson('grace@example.com');
        const form = formOf(await person.visit(page.url.href), { username: 'grace@example.com', password: guess });
        assert.match((await person.visit(`${home}/sign-in`, form)).text, /The name or the password is wrong/);
      }
    });
  });

  describe('keeps out', () => {
    const refused = (page: { text: string }, words: RegExp) => assert.match(page.text, words);

    it('whoever is in none of the groups, or has no address of the domains', async () => {
      refused(await signIn({ ...grace, sub: 'ivan', groups: ['visitors'] }), /none of the groups that may/);
      refused(await signIn({ ...grace, sub: 'ivan', email: 'ivan@example.com.evil.example' }), /no verified e-mail/);
      assert.equal(
        (await users()).some(({ username }) => username.startsWith('ivan')),
        false,
      );
    });

    it('whoever was shut out here, for as long as they are', async () => {
      const judy = { ...grace, sub: 'judy', email: 'judy@example.com' };
      const browser = plainPerson('judy');
      await signIn(judy, browser);
      const { id } = (await userCalled('judy@example.com')) ?? assert.fail();
      read(await server.graphql('mutation($id: ID!) { managedUserDeactivate(id: $id) { id } }', { id }));
      assert.equal((await browser.visit(`${home}/account`)).url.pathname, '/sign-in');
      refused(await signIn(judy), /you were shut out here/);
    });

    it('a return that was used, in the same browser', async () => {
      const browser = plainPerson('grace');
      const callback = await callbackFor(grace, browser);
      assert.equal((await browser.visit(callback.href)).url.pathname, '/account');
      refused(await browser.visit(callback.href), /was finished already/);
    });

    it('a return that began in another browser, and leaves it to that one', async () => {
      const [thief, victim] = [plainPerson('thief'), plainPerson('victim')];
      const callback = await callbackFor(grace, thief);
      await callbackFor(grace, victim);
      refused(await victim.visit(callback.href), /began in another browser/);
      assert.equal((await victim.visit(`${home}/account`)).url.pathname, '/sign-in');
      assert.equal((await thief.visit(callback.href)).url.pathname, '/account');
    });

    it('a return with a state that nobody was given', async () => {
      const browser = plainPerson('grace');
      const callback = await callbackFor(grace, browser);
      callback.searchParams.set('state', 'A'.repeat(43));
      refused(await browser.visit(callback.href), /was finished already/);
    });

    it('whoever is sent on to another host', async () => {
      const browser = plainPerson('grace');
      const callback = await callbackFor(grace, browser, 'https://elsewhere.example/');
      assert.equal((await browser.visit(callback.href)).url.href, `${home}/account`);
    });

    it('foreign pages that would begin a sign-in', async () => {
      const answer = await fetch(`${home}/sign-in/sso`, {
        redirect: 'manual',
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      assert.equal(answer.headers.get('location'), '/sign-in?next=%2Faccount');
    });

    it('whoever cancels', async () => {
      const browser = plainPerson('grace');
      refused(await browser.visit((await callbackFor(undefined, browser)).href), /sign-in service said no/);
    });
  });

  describe('afterwards', () => {
    it('writes down who came, with what, and who was kept out', async () => {
      const answer = await server.graphql(
        '{ searchAuditTrailEntries(input: { first: 100 }) { edges { node { action actor { username } } } } }',
      );
      const text = JSON.stringify(answer.data);
      assert.match(text, /"user.create","actor":{"username":"(user::)?grace@example.com"/);
      for (const action of ['user.sign-in', 'user.sso-refused', 'user.sso-groups'])
        assert.match(text, new RegExp(action));
      assert.doesNotMatch(server.output() + text, new RegExp(companyClient.secret));
    });
  });

  async function invite(username: string): Promise<string> {
    const { token } = await aKey(server, { 'space-admin': 'root' });
    const made = await server.graphql(
      'mutation($input: ManagedUserInviteInput!) { managedUserInvite(input: $input) { invitationLink } }',
      { input: { username, accessRules: [] } },
      token,
    );
    return read<{ managedUserInvite: { invitationLink: string } }>(made).managedUserInvite.invitationLink;
  }
});
