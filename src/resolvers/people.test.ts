import assert from 'node:assert/strict';

import { clientMemory, oauthClients } from '../testing/oauth-client.ts';
import { formOf, password, plainPerson } from '../testing/person.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

interface User {
  readonly id: string;
  readonly username: string;
  readonly state: string;
  readonly invitationLink: string | null;
  readonly accessRules: readonly object[];
}

const USER = 'id username invitationEmail state source groups invitationLink accessRules { space spaceAccessLevel }';
const INVITE = `mutation($input: ManagedUserInviteInput!) { managedUserInvite(input: $input) { ${USER} } }`;

describe('people', function () {
  let server: TestServer;
  let count = 0;
  before(async () => {
    server = await sharedServer();
  });

  async function invite(rules: Readonly<Record<string, string>> = {}, name = `person-${(count += 1)}`): Promise<User> {
    const accessRules = Object.entries(rules).map(([space, spaceAccessLevel]) => ({ space, spaceAccessLevel }));
    const input = { username: name, invitationEmail: `${name}@example.com`, accessRules };
    return read<{ managedUserInvite: User }>(await server.graphql(INVITE, { input })).managedUserInvite;
  }

  async function join(rules: Readonly<Record<string, string>> = {}) {
    const user = await invite(rules);
    const person = plainPerson(user.username);
    await person.accept(user.invitationLink ?? assert.fail('a link'), user.username, password);
    return { user, person };
  }

  const find = async (id: string): Promise<User | null> =>
    read<{ managedUser: User | null }>(
      await server.graphql(`query($id: ID!) { managedUser(id: $id) { ${USER} } }`, { id }),
    ).managedUser;
  const change = (name: string, id: string, token?: string) =>
    server.graphql(`mutation($id: ID!) { ${name}(id: $id) { id state invitationLink } }`, { id }, token);

  describe('who are invited', () => {
    it('follow a link that is shown once, and are active then', async () => {
      const invited = await invite({ root: 'READ' });
      assert.match(invited.invitationLink ?? '', new RegExp(`^${server.url}/invitation/[\\w-]{43}$`));
      const { invitationLink: _once, ...rest } = invited;
      assert.deepEqual(await find(invited.id), { ...rest, invitationLink: null });
      assert.equal(invited.state, 'PENDING');
      const person = plainPerson(invited.username);
      const page = await person.visit(invited.invitationLink ?? '');
      assert.match(page.text, /Choose the password that you will sign in with/);
      assert.match(page.text, new RegExp(`value="${invited.username}"[^>]*readonly`, 's'));
      await person.accept(invited.invitationLink ?? '', 'another name', password);
      const after = await find(invited.id);
      assert.equal(after?.state, 'ACTIVE');
      assert.equal(after?.username, invited.username, 'the name is not theirs to choose');
      assert.match((await person.visit(invited.invitationLink ?? '')).text, /used already/);
    });

    it('get a new link when they ask for one, which ends the old', async () => {
      const invited = await invite();
      const renewed = read<{ managedUserInvitationRenew: User }>(
        await change('managedUserInvitationRenew', invited.id),
      ).managedUserInvitationRenew;
      const person = plainPerson(invited.username);
      assert.match((await person.visit(invited.invitationLink ?? '')).text, /used already/);
      await person.accept(renewed.invitationLink ?? '', '', password);
      assert.match(
        refusal(await change('managedUserInvitationRenew', invited.id)).message,
        /accepted their invitation/,
      );
    });

    it('cannot take a name that is taken, nor one that is none', async () => {
      const { username } = await invite();
      const again = await server.graphql(INVITE, { input: { username: username.toUpperCase(), accessRules: [] } });
      assert.match(refusal(again).message, /^username: is taken/);
      for (const wrong of ['', 'two words', '<b>', '.hidden']) {
        const answer = await server.graphql(INVITE, { input: { username: wrong, accessRules: [] } });
        assert.match(refusal(answer).message, /^username: must be/);
      }
    });

    it('get no access to a space that is none', async () => {
      const rules = [{ space: 'nowhere', spaceAccessLevel: 'READ' }];
      const answer = await server.graphql(INVITE, { input: { username: 'nobody', accessRules: rules } });
      assert.match(refusal(answer).message, /^accessRules\[0\]\.space: no such space/);
    });

    it('are invited by admins of root alone', async () => {
      const { token } = await aKey(server, { 'space-writer': 'root' });
      const answer = await server.graphql(INVITE, { input: { username: 'sneaky', accessRules: [] } }, token);
      assert.equal(refusal(answer).code, 'FORBIDDEN');
      assert.equal(refusal(await server.graphql('{ managedUsers { id } }', {}, token)).code, 'FORBIDDEN');
    });
  });

  describe('who are shut out', () => {
    it('lose their session at once, and cannot sign in', async () => {
      const { user, person } = await join({ root: 'READ' });
      assert.match((await person.visit(`${server.url}/account`)).text, /You are signed in/);
      assert.equal(
        read<{ managedUserDeactivate: User }>(await change('managedUserDeactivate', user.id)).managedUserDeactivate
          .state,
        'INACTIVE',
      );
      assert.equal((await person.visit(`${server.url}/account`)).url.pathname, '/sign-in');
      read(await change('managedUserActivate', user.id));
      assert.equal((await find(user.id))?.state, 'ACTIVE');
      assert.equal(
        (await person.visit(`${server.url}/account`)).url.pathname,
        '/sign-in',
        'what has ended stays ended',
      );
    });

    it('leave nothing behind when they are deleted', async () => {
      const { user, person } = await join({ root: 'WRITE' });
      read(await change('managedUserDelete', user.id));
      assert.equal(await find(user.id), null);
      assert.equal((await person.visit(`${server.url}/account`)).url.pathname, '/sign-in');
      assert.equal(refusal(await change('managedUserDelete', user.id)).code, 'NO_SUCH');
      await invite({}, user.username);
    });
  });

  describe('what somebody is signed in with', () => {
    const SESSIONS = '{ sessions { id kind client current scopes resource remoteAddress lastUsedAt } }';
    interface Session {
      readonly id: string;
      readonly kind: string;
      readonly client: string | null;
      readonly current: boolean;
    }

    async function withAssistant() {
      const { user, person } = await join({ root: 'READ' });
      const [client] = oauthClients;
      const assistant = await (client ?? assert.fail()).connect(
        `${server.url}/mcp`,
        clientMemory('An <i>assistant</i>'),
        person,
      );
      const ask = async (document: string) => {
        const { content } = await assistant.call('query', { document });
        return JSON.stringify(content);
      };
      return { user, person, assistant, ask };
    }

    const sessionsOf = async (id: string): Promise<readonly Session[]> =>
      read<{ managedUserSessions: Session[] }>(
        await server.graphql('query($id: ID!) { managedUserSessions(id: $id) { id kind client current } }', { id }),
      ).managedUserSessions;

    it('is listed for them, with the client and the one that asks', async () => {
      const { user, assistant, ask, person } = await withAssistant();
      const listed = await ask(SESSIONS);
      assert.match(listed, /OAUTH/);
      assert.match(listed, /An <i>assistant<\/i>/);
      assert.match(listed, /BROWSER/);
      const sessions = await sessionsOf(user.id);
      assert.deepEqual(
        sessions.map(({ kind, current }) => ({ kind, current })),
        [
          { kind: 'OAUTH', current: false },
          { kind: 'BROWSER', current: false },
        ],
      );
      const page = await person.visit(`${server.url}/account`);
      assert.match(page.text, /An &lt;i&gt;assistant&lt;\/i&gt;/);
      assert.match(page.text, /this one/);
      await assistant.close();
    });

    it('ends at a click, from the next request on', async () => {
      const { user, person, assistant, ask } = await withAssistant();
      const page = await person.visit(`${server.url}/account`);
      const grant = (await sessionsOf(user.id)).find(({ kind }) => kind === 'OAUTH') ?? assert.fail();
      const done = await person.visit(`${server.url}/account/sessions`, formOf(page, { end: grant.id }));
      assert.equal(done.url.pathname, '/account');
      assert.doesNotMatch(done.text, /assistant&lt;/);
      await assert.rejects(ask('{ viewer { name } }'));
      const again = await person.visit(`${server.url}/account/sessions`, formOf(page, { end: grant.id }));
      assert.equal(again.status, 200);
      await assistant.close();
    });

    it('is ended by administrators, one by one or all at once', async () => {
      const { user, person, assistant, ask } = await withAssistant();
      const end = (id: string) =>
        server.graphql('mutation($id: ID!) { managedUserSessionEnd(id: $id) { id kind } }', { id });
      const grant = (await sessionsOf(user.id)).find(({ kind }) => kind === 'OAUTH') ?? assert.fail();
      read(await end(grant.id));
      assert.equal(refusal(await end(grant.id)).code, 'NO_SUCH');
      await assert.rejects(ask('{ viewer { name } }'));
      assert.match((await person.visit(`${server.url}/account`)).text, /You are signed in/);
      read(await server.graphql('mutation($id: ID!) { managedUserSessionsEnd(id: $id) { id } }', { id: user.id }));
      assert.equal((await person.visit(`${server.url}/account`)).url.pathname, '/sign-in');
      assert.deepEqual(await sessionsOf(user.id), []);
      await assistant.close();
    });

    it('is nobody else’s to see or to end', async () => {
      const { user, assistant } = await withAssistant();
      const { token } = await aKey(server, { 'space-writer': 'root' });
      const listed = read<{ sessions: Session[] }>(await server.graphql(SESSIONS, {}, token)).sessions;
      assert.deepEqual(
        listed.map(({ kind, current }) => ({ kind, current })),
        [{ kind: 'API_KEY', current: true }],
      );
      for (const { id } of [...(await sessionsOf(user.id)), ...listed, { id: 'grant:' }, { id: 'x' }, { id: '' }]) {
        const answer = await server.graphql('mutation($id: ID!) { sessionEnd(id: $id) { id } }', { id }, token);
        assert.equal(refusal(answer).code, 'NO_SUCH', id);
      }
      const spied = await server.graphql(
        'query($id: ID!) { managedUserSessions(id: $id) { id } }',
        { id: user.id },
        token,
      );
      assert.equal(refusal(spied).code, 'FORBIDDEN');
      assert.equal((await sessionsOf(user.id)).length, 2);
      await assistant.close();
    });

    it('ends but for one when they say so', async () => {
      const { user, person, assistant, ask } = await withAssistant();
      const other = plainPerson(user.username);
      const signIn = formOf(await other.visit(`${server.url}/sign-in`), { username: user.username, password });
      await other.visit(`${server.url}/sign-in`, signIn);
      const page = await person.visit(`${server.url}/account`);
      const after = await person.visit(`${server.url}/account/sessions`, formOf(page, { end: 'others' }));
      assert.match(after.text, /You are signed in/);
      assert.equal((await other.visit(`${server.url}/account`)).url.pathname, '/sign-in');
      await assert.rejects(ask('{ viewer { name } }'));
      await assistant.close();
    });
  });

  describe('who change their password', () => {
    const change = async (person: ReturnType<typeof plainPerson>, fields: Readonly<Record<string, string>>) => {
      const page = await person.visit(`${server.url}/account/password`);
      return person.visit(`${server.url}/account/password`, formOf(page, fields));
    };
    const better = 'another unlikely phrase';

    it('need the old one, and type the new one twice', async () => {
      const { person } = await join();
      const wrong = { current: 'a wrong guess', password: better, repeated: better };
      assert.match((await change(person, wrong)).text, /The current password is wrong/);
      assert.match((await change(person, { ...wrong, current: password, repeated: 'x' })).text, /not the same/);
      assert.match(
        (await change(person, { current: password, password: 'short', repeated: 'short' })).text,
        /at least 12/,
      );
    });

    it('sign in with the new one alone, and stay signed in nowhere else', async () => {
      const { user, person } = await join();
      const signIn = async (secret: string) => {
        const other = plainPerson(user.username);
        const form = formOf(await other.visit(`${server.url}/sign-in`), { username: user.username, password: secret });
        return { other, page: await other.visit(`${server.url}/sign-in`, form) };
      };
      const { other } = await signIn(password);
      const done = await change(person, { current: password, password: better, repeated: better });
      assert.match(done.text, /You are signed in/);
      assert.equal((await other.visit(`${server.url}/account`)).url.pathname, '/sign-in');
      assert.match((await signIn(password)).page.text, /is wrong/);
      assert.match((await signIn(better)).page.text, /You are signed in/);
    });

    it('wait after ten wrong guesses at the old one', async () => {
      const { person } = await join();
      const wrong = { current: 'a wrong guess', password: better, repeated: better };
      for (let guess = 0; guess < 10; guess += 1) await change(person, wrong);
      const right = await change(person, { ...wrong, current: password });
      assert.match(right.text, /Too many attempts/);
    });

    it('do it in a form of their own browser only', async () => {
      const { person } = await join();
      const form = new URLSearchParams({ csrf: 'x', current: password, password: better, repeated: better });
      assert.match((await person.visit(`${server.url}/account/password`, form)).text, /was not opened here/);
      const end = new URLSearchParams({ csrf: 'x', end: 'others' });
      assert.match((await person.visit(`${server.url}/account/sessions`, end)).text, /was not opened here/);
    });
  });
});
