import assert from 'node:assert/strict';

import { password, plainPerson } from '../testing/person.ts';
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
  this.timeout(90_000);
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
      assert.match(page.text, /You were invited/);
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
});
