import assert from 'node:assert/strict';

import { anonymous } from '../../shared/caller.ts';
import { testDomain } from '../../testing/domain.ts';
import { searchAudit } from '../audit/index.ts';
import { acceptInvitation, beginSession, endSession, findSignedIn, inviteFirstAdmin } from './index.ts';

describe('signing out', () => {
  it('ends the session and is recorded, once', async () => {
    const { context, admin } = await testDomain();
    const stranger = { ...admin, caller: anonymous };
    const given = { username: 'ada', password: 'a long enough one' };
    const user = await acceptInvitation(context, stranger, (await inviteFirstAdmin(context)) ?? '', given);
    const { token } = await beginSession(context, stranger, user, undefined);
    assert.equal((await findSignedIn(context, stranger.origin, token))?.username, 'ada');
    await endSession(context, stranger, token);
    await endSession(context, stranger, token);
    assert.equal(await findSignedIn(context, stranger.origin, token), undefined);
    const { edges } = await searchAudit(context, admin, { fullTextSearch: 'user.sign-out' });
    assert.deepEqual(
      edges.map(({ node }) => [node.actor.username, node.affectedResource.resourceId]),
      [['user::ada', user.id]],
    );
  });
});
