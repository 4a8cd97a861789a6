import assert from 'node:assert/strict';

import { findRole, insertBinding } from '../../storage/identity.ts';
import { findUser as findRow } from '../../storage/people.ts';
import { requestOf, testDomain, type TestDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { Request } from '../context.ts';
import { createPersonalToken, createRoleBinding, deleteRoleBinding } from '../identity/index.ts';
import {
  acceptInvitation,
  activateUser,
  addMember,
  createGroup,
  createSignIn,
  deactivateUser,
  deleteGroup,
  deleteUser,
  endOwnSession,
  findOpenInvitation,
  findSignedIn,
  findUser,
  inviteFirstAdmin,
  inviteUser,
  listGroups,
  listMembers,
  listOwnSessions,
  removeMember,
  renewInvitation,
  resetPassword,
  signInBySso,
  updateGroup,
  updateUser,
} from './index.ts';

const password = 'an unlikely pass phrase';
const DAY_SECONDS = 24 * 60 * 60;

describe('users', () => {
  let domain: TestDomain;
  let admin: Request;
  beforeEach(async () => {
    domain = await testDomain();
    ({ admin } = domain);
  });

  const root = (level: 'READ' | 'WRITE' | 'ADMIN') => [{ space: 'root', spaceAccessLevel: level }];
  const secretOf = (link: string | null): string => link?.split('/').at(-1) ?? assert.fail('no link');
  const invite = (username: string, accessRules: ReturnType<typeof root> = []) =>
    inviteUser(domain.context, admin, { username, accessRules });
  const accept = (link: string | null, username = '') =>
    acceptInvitation(domain.context, requestOf('nobody'), secretOf(link), { username, password });

  async function aUser(username: string, accessRules: ReturnType<typeof root> = []): Promise<string> {
    const { id, invitationLink } = await invite(username, accessRules);
    await accept(invitationLink);
    return id;
  }

  it('are expired a day after they were invited, and pending again with a new link', async () => {
    const { id, invitationLink } = await invite('ada');
    const state = async () => (await findUser(domain.context, id))?.state;
    assert.equal(await state(), 'PENDING');
    domain.clock.advance(DAY_SECONDS + 1);
    assert.equal(await state(), 'EXPIRED');
    await assertRefused('NO_SUCH', accept(invitationLink), /used already or has ended/);
    const renewed = await renewInvitation(domain.context, admin, id);
    assert.equal(renewed.state, 'PENDING');
    await accept(renewed.invitationLink);
    assert.equal(await state(), 'ACTIVE');
  });

  it('cannot follow a link after they were shut out', async () => {
    const { id, invitationLink } = await invite('ada');
    assert.equal((await deactivateUser(domain.context, admin, id)).state, 'INACTIVE');
    await assertRefused('NO_SUCH', accept(invitationLink));
    await assertRefused('CONFLICT', renewInvitation(domain.context, admin, id), /is inactive/);
    assert.equal((await activateUser(domain.context, admin, id)).state, 'EXPIRED');
  });

  it('who forgot their password choose another by a link, which ends their sessions', async () => {
    const id = await aUser('ada', root('READ'));
    const signIn = createSignIn(domain.context);
    const session = await signIn(requestOf('nobody'), { username: 'ada', password }, undefined);
    const { invitationLink, state } = await resetPassword(domain.context, admin, id);
    assert.equal(state, 'ACTIVE');
    const signedIn = () => findSignedIn(domain.context, admin.origin, session.token);
    assert.ok(await signedIn(), 'nothing changes before the link is followed');
    const another = { username: '', password: 'another unlikely phrase' };
    await acceptInvitation(domain.context, requestOf('nobody'), secretOf(invitationLink), another);
    assert.equal(await signedIn(), undefined);
    await assertRefused('UNAUTHENTICATED', signIn(requestOf('nobody'), { username: 'ada', password }, undefined));
    await signIn(requestOf('nobody'), { ...another, username: 'ada' }, undefined);
    await assertRefused('CONFLICT', resetPassword(domain.context, admin, (await invite('bob')).id), /no password here/);
    const limited = requestOf('helper', { root: ['USER_UPDATE'] });
    await assertRefused('FORBIDDEN', resetPassword(domain.context, limited, id), /hands out more/);
  });

  it('are not invited by assistants, who would see the link', async () => {
    const assistant: Request = { ...admin, origin: { ...admin.origin, via: 'MCP' } };
    const input = { username: 'ada', accessRules: [] };
    await assertRefused('FORBIDDEN', inviteUser(domain.context, assistant, input), /^unauthorized: an assistant/);
    const { id } = await invite('ada');
    await assertRefused('FORBIDDEN', renewInvitation(domain.context, assistant, id));
  });

  it('have an address or none, but no other text for one', async () => {
    const input = { username: 'ada', accessRules: [] };
    for (const invitationEmail of ['ada', 'a b@example.com', 'a@b@c', `${'a'.repeat(255)}@example.com`]) {
      const refused = inviteUser(domain.context, admin, { ...input, invitationEmail });
      await assertRefused('BAD_INPUT', refused, /^invitationEmail: must be an e-mail address/);
    }
    const { invitationEmail } = await inviteUser(domain.context, admin, { ...input, invitationEmail: '' });
    assert.equal(invitationEmail, null);
  });

  it('keep their roles when their rules are replaced', async () => {
    const id = await aUser('ada', root('READ'));
    const role = { kind: 'USER', actorId: id, roleID: 'space-writer', spaceID: 'root' } as const;
    const binding = await createRoleBinding(domain.context, admin, role);
    const updated = await updateUser(domain.context, admin, { id, accessRules: [] });
    assert.deepEqual(updated.accessRules, []);
    assert.equal((await deleteRoleBinding(domain.context, admin, 'USER', binding.id)).id, binding.id);
    const twice = updateUser(domain.context, admin, { id, accessRules: [...root('READ'), ...root('WRITE')] });
    await assertRefused('BAD_INPUT', twice, /named twice/);
  });

  describe('who are the last admin of root', () => {
    let ada: string;
    beforeEach(async () => {
      ada = await aUser('ada', root('ADMIN'));
    });
    const last = (work: Promise<unknown>) => assertRefused('CONFLICT', work, /leave nobody who is admin of the root/);

    it('cannot be shut out, deleted or stripped of it', async () => {
      await last(deactivateUser(domain.context, admin, ada));
      await last(deleteUser(domain.context, admin, ada));
      await last(updateUser(domain.context, admin, { id: ada, accessRules: root('WRITE') }));
      assert.equal((await findUser(domain.context, ada))?.state, 'ACTIVE');
      assert.deepEqual((await findUser(domain.context, ada))?.accessRules, root('ADMIN'), 'nothing was changed');
    });

    it('can be once somebody else is, who has come already', async () => {
      const { invitationLink } = await invite('bob', root('ADMIN'));
      await last(deleteUser(domain.context, admin, ada));
      await accept(invitationLink);
      await deleteUser(domain.context, admin, ada);
      assert.equal(await findUser(domain.context, ada), null);
    });

    it('are not replaced by one who is shut out', async () => {
      const bob = await aUser('bob', root('ADMIN'));
      await deactivateUser(domain.context, admin, bob);
      await last(deactivateUser(domain.context, admin, ada));
    });

    it('may be it by a group, which then stays and keeps them', async () => {
      const input = { groupName: 'owners', description: '', accessRules: root('ADMIN') };
      const { id } = await createGroup(domain.context, admin, input);
      const bob = await aUser('bob');
      await addMember(domain.context, admin, id, bob);
      await deleteUser(domain.context, admin, ada);
      await last(removeMember(domain.context, admin, id, bob));
      await last(deleteGroup(domain.context, admin, id));
      await last(updateGroup(domain.context, admin, { id, description: '', accessRules: [] }));
    });

    it('may be it by a role, which is not taken from them', async () => {
      await updateUser(domain.context, admin, { id: await aUser('bob'), accessRules: root('ADMIN') });
      const carol = await aUser('carol');
      const role = { kind: 'USER', actorId: carol, roleID: 'space-admin', spaceID: 'root' } as const;
      const { id } = await createRoleBinding(domain.context, admin, role);
      await deleteUser(domain.context, admin, ada);
      await deleteUser(domain.context, admin, (await named('bob')).id);
      await last(deleteRoleBinding(domain.context, admin, 'USER', id));
    });

    it('are not deleted two at once, each relying on the other', async () => {
      const bob = await aUser('bob', root('ADMIN'));
      const results = await Promise.allSettled([ada, bob].map((id) => deleteUser(domain.context, admin, id)));
      assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    });
  });

  const named = async (username: string) => {
    const row = await domain.context.storage.read((db) =>
      db.em.execute<{ id: string }[]>('select id from app_user where username = ?', [username]),
    );
    return row[0] ?? assert.fail(username);
  };

  it('never get more than the one who invites them holds', async () => {
    const limited = requestOf('helper', { root: ['SPACE_READ', 'USER_CREATE', 'USER_UPDATE', 'USER_GROUP_UPDATE'] });
    const beyond = (work: Promise<unknown>) => assertRefused('FORBIDDEN', work, /nobody hands out more than they hold/);
    const input = { username: 'eve', accessRules: root('ADMIN') };
    await beyond(inviteUser(domain.context, limited, input));
    assert.equal((await inviteUser(domain.context, limited, { ...input, accessRules: [] })).username, 'eve');
    const eve = (await named('eve')).id;
    await beyond(updateUser(domain.context, limited, { id: eve, accessRules: root('WRITE') }));
    const owners = { groupName: 'owners', description: '', accessRules: root('ADMIN') };
    const { id } = await createGroup(domain.context, admin, owners);
    await beyond(addMember(domain.context, limited, id, eve));
    await beyond(createGroup(domain.context, limited, { ...owners, groupName: 'us' }));
    const { id: bob } = await invite('bob', root('ADMIN'));
    await beyond(renewInvitation(domain.context, limited, bob));
    await deactivateUser(domain.context, admin, bob);
    await beyond(activateUser(domain.context, limited, bob));
  });

  it('are not deleted by themselves', async () => {
    const id = await aUser('ada', root('ADMIN'));
    await aUser('bob', root('ADMIN'));
    const asAda = { ...admin, caller: { ...admin.caller, principal: { kind: 'USER', id, name: 'ada' } as const } };
    await assertRefused('CONFLICT', deleteUser(domain.context, asAda, id), /this is you/);
  });

  it('see their personal tokens among their sessions, and end them there', async () => {
    const id = await aUser('ada', root('READ'));
    const { caller } = admin;
    const asAda = {
      ...admin,
      caller: { ...caller, session: 'browser:x', principal: { kind: 'USER', id, name: 'ada' } as const },
    };
    const make = (name: string) => createPersonalToken(domain.context, asAda, { name, scopes: ['mcp:read'] });
    await make('one');
    const two = await make('two');
    const listed = await listOwnSessions(domain.context, asAda);
    assert.deepEqual(listed.map(({ kind, client }) => `${kind} ${client}`).toSorted(), [
      'PERSONAL_TOKEN one',
      'PERSONAL_TOKEN two',
    ]);
    await endOwnSession(domain.context, asAda, `token:${two.id}`);
    assert.deepEqual(
      (await listOwnSessions(domain.context, asAda)).map(({ client }) => client),
      ['one'],
    );
    await updateUser(domain.context, admin, { id: await aUser('bob'), accessRules: root('ADMIN') });
    await deactivateUser(domain.context, admin, id);
    assert.deepEqual(await listOwnSessions(domain.context, asAda), []);
  });

  describe('of whom the first', () => {
    it('is invited for as long as nobody is admin, even if others are there', async () => {
      await aUser('bob', root('WRITE'));
      const secret = (await inviteFirstAdmin(domain.context)) ?? assert.fail();
      assert.deepEqual(await findOpenInvitation(domain.context, secret), { username: undefined });
      await accept(`/${secret}`, 'ada');
      assert.equal(await inviteFirstAdmin(domain.context), undefined);
    });

    it('is nobody any more once somebody became admin in another way', async () => {
      const secret = (await inviteFirstAdmin(domain.context)) ?? assert.fail();
      await aUser('bob', root('ADMIN'));
      assert.equal(await findOpenInvitation(domain.context, secret), undefined);
      await assertRefused('NO_SUCH', accept(`/${secret}`, 'late'));
    });

    it('leaves the links of others alone', async () => {
      const { invitationLink } = await invite('bob');
      await inviteFirstAdmin(domain.context);
      await accept(invitationLink);
    });
  });

  describe('in groups', () => {
    const readers = { groupName: 'readers', description: 'Look.', accessRules: root('READ') };

    it('are those put there and those whom the identity provider names', async () => {
      const { id } = await createGroup(domain.context, admin, readers);
      const ada = await aUser('ada');
      await addMember(domain.context, admin, id, ada);
      await addMember(domain.context, admin, id, ada);
      await comeBySso('bob', ['readers', 'others']);
      await comeBySso('carol', ['others', id]);
      const names = async () => (await listMembers(domain.context, id)).map(({ username }) => username);
      assert.deepEqual(await names(), ['ada', 'bob']);
      await assertRefused('NO_SUCH', removeMember(domain.context, admin, id, (await named('bob')).id), /changed there/);
      await removeMember(domain.context, admin, id, ada);
      assert.deepEqual(await names(), ['bob']);
    });

    it('are one group by one name', async () => {
      await createGroup(domain.context, admin, readers);
      await assertRefused('CONFLICT', createGroup(domain.context, admin, readers), /there is such a group/);
      assert.equal((await listGroups(domain.context)).length, 1);
      for (const groupName of ['', ' ', 'x'.repeat(201)]) {
        await assertRefused('BAD_INPUT', createGroup(domain.context, admin, { ...readers, groupName }), /^groupName/);
      }
    });
  });

  const comeBySso = (name: string, groups: readonly string[], issuer = 'https://login.example.com') =>
    signInBySso(
      domain.context,
      requestOf('nobody'),
      { issuer, subject: `subject of ${name}`, email: undefined, preferredName: name, groups },
      { allowedGroups: [], allowedDomains: [] },
      undefined,
    );

  describe('who come by single sign-on', () => {
    it('are one person to an issuer and a subject', async () => {
      const first = await comeBySso('ada', []);
      assert.equal((await comeBySso('ada', [])).userId, first.userId);
      const other = await comeBySso('ada', [], 'https://login.other.example');
      assert.notEqual(other.userId, first.userId);
      assert.equal(other.username, 'ada.sso');
    });

    it('are one person when they come in two windows at once', async () => {
      const both = await Promise.all([comeBySso('ada', []), comeBySso('ada', [])]);
      assert.equal(both[0].userId, both[1].userId);
    });

    it('take no name from anybody, and always get one', async () => {
      await aUser('ada');
      const names = ['ada', 'ada', 'ada', '', '<b>', '..', 'A d a'].entries();
      const taken: string[] = [];
      for (const [at, name] of names) {
        const session = await comeBySso(name, [], `https://login${at}.example.com`);
        taken.push(session.username);
      }
      assert.equal(new Set(taken).size, taken.length);
      assert.ok(!taken.includes('ada'));
      assert.equal(taken[0], 'ada.sso');
      assert.match(taken[1] ?? '', /^ada\.[0-9a-z]{8}$/);
      assert.equal(taken[3], 'user');
      assert.equal(taken[6], 'a-d-a');
    });

    it('have the groups of their last sign-in, cleaned and limited', async () => {
      const many = Array.from({ length: 600 }, (_, at) => `group ${String(at).padStart(3, '0')}`);
      const { userId } = await comeBySso('ada', ['b', 'a', 'a', '', 'x'.repeat(201), 'nul\0']);
      const groups = async () => (await domain.context.storage.read((db) => findRow(db, userId)))?.ssoGroups;
      assert.deepEqual(await groups(), ['a', 'b', 'nul\ufffd']);
      await comeBySso('ada', many);
      assert.equal((await groups())?.length, 500);
      await comeBySso('ada', []);
      assert.deepEqual(await groups(), []);
    });

    it('cannot be invited, and are no first admin’s way in', async () => {
      const { userId } = await comeBySso('ada', []);
      await assertRefused('CONFLICT', renewInvitation(domain.context, admin, userId), /accepted/);
      assert.ok(await inviteFirstAdmin(domain.context), 'nobody is admin yet');
      await domain.context.storage.transaction(async (db) => {
        const roleId = (await findRole(db, 'space-admin'))?.id ?? '';
        await insertBinding(db, {
          id: 'b',
          actorKind: 'USER',
          actorId: userId,
          roleId,
          spaceId: 'root',
          projectId: undefined,
        });
      });
      assert.equal(await inviteFirstAdmin(domain.context), undefined);
    });
  });
});
