import assert from 'node:assert/strict';

import { createOutbound } from '../../outbound/index.ts';
import { anonymous, may } from '../../shared/caller.ts';
import { silentLogger } from '../../shared/logger.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { startGithub, type TestGithub } from '../../testing/github.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { DomainContext, Request } from '../context.ts';
import { createCallerSource, createRoleBinding } from '../identity/index.ts';
import { createGithub, createGroup, deactivateUser, exchangeGithubToken } from './index.ts';

describe('tokens of GitHub', () => {
  let domain: TestDomain;
  let github: TestGithub;
  let stranger: Request;
  beforeEach(async () => {
    domain = await testDomain();
    github = await startGithub();
    stranger = { ...domain.admin, caller: anonymous };
    const organizations = { acme: 'active' } as const;
    github.people.set('ghp_ana', { id: 7, login: 'Ana', organizations, teams: ['acme/Platform', 'other/admins'] });
    github.people.set('ghp_guest', { id: 8, login: 'guest', organizations: { acme: 'pending' }, teams: [] });
    github.people.set('ghp_other', {
      id: 9,
      login: 'other',
      organizations: { other: 'active' },
      teams: ['other/platform'],
    });
  });
  afterEach(() => github.stop());

  function context(settings: { teams?: readonly string[]; allow?: readonly string[] } = {}): DomainContext {
    const { teams = [], allow = [github.host] } = settings;
    const outbound = createOutbound({ allow });
    return {
      ...domain.context,
      github: createGithub({ apiUrl: github.url, organization: 'Acme', teams, outbound, log: silentLogger }),
    };
  }
  const exchange = (token: string, at = context()) => exchangeGithubToken(at, stranger, token);

  it('are exchanged for one of a user, who is the same person whatever they are called there', async () => {
    const first = await exchange('ghp_ana');
    assert.equal(first.name, 'ana');
    assert.equal(first.validUntil, Math.floor(domain.clock.now().getTime() / 1000) + 3600);
    github.people.set('ghp_new', { id: 7, login: 'ana-maria', organizations: { acme: 'active' }, teams: [] });
    assert.equal((await exchange('ghp_new')).id, first.id);
    github.people.set('ghp_heir', { id: 70, login: 'Ana', organizations: { acme: 'active' }, teams: [] });
    assert.notEqual((await exchange('ghp_heir')).id, first.id);
  });

  it('give what is bound to the teams of the organisation, and to no namesakes of theirs', async () => {
    for (const groupName of ['acme/platform', 'platform', 'admins', 'other/admins']) {
      const group = await createGroup(domain.context, domain.admin, { groupName, description: '', accessRules: [] });
      const roleID = groupName === 'acme/platform' ? 'space-writer' : 'space-admin';
      await createRoleBinding(domain.context, domain.admin, {
        kind: 'GROUP',
        actorId: group.id,
        roleID,
        spaceID: 'root',
      });
    }
    const { jwt } = await exchange('ghp_ana');
    const source = await createCallerSource(domain.context);
    const caller = await source.callerOf(jwt, '/graphql', stranger.origin);
    await source.stop();
    assert.deepEqual([may(caller, 'SPACE_WRITE', 'root'), may(caller, 'SPACE_ADMIN', 'root')], [true, false]);
    assert.equal(caller.principal.kind, 'USER');
  });

  it('are refused to those who are no members, or no longer welcome here', async () => {
    for (const token of ['ghp_guest', 'ghp_other']) {
      await assertRefused(
        'UNAUTHENTICATED',
        exchange(token),
        /^unauthorized: GitHub shows no active membership of acme/,
      );
    }
    const { id } = await exchange('ghp_ana');
    await deactivateUser(domain.context, domain.admin, id);
    await assertRefused('UNAUTHENTICATED', exchange('ghp_ana'), /^unauthorized: .*shut out/);
  });

  it('are refused to members of other teams where one is needed', async () => {
    await exchange('ghp_ana', context({ teams: ['platform'] }));
    await assertRefused(
      'UNAUTHENTICATED',
      exchange('ghp_ana', context({ teams: ['admins'] })),
      /in none of the groups/,
    );
  });

  it('that GitHub does not know are refused, and after many of them everything from that address', async () => {
    const at = context();
    for (let times = 0; times < 20; times += 1) {
      await assertRefused('UNAUTHENTICATED', exchange(`ghp_${times}`, at), /does not know this token/);
    }
    await assertRefused('RATE_LIMITED', exchange('ghp_ana', at));
    const elsewhere = { ...stranger, origin: { ...stranger.origin, remoteAddress: '192.0.2.1' } };
    await exchangeGithubToken(at, elsewhere, 'ghp_ana');
  });

  for (const token of ['', 'two words', 'a\r\nx-other: 1', 'ghp_é', 'x'.repeat(256)]) {
    it(`are not sent on when they are none: ${JSON.stringify(token.slice(0, 20))}`, async () => {
      await assertRefused('UNAUTHENTICATED', exchange(token));
      assert.deepEqual(github.asked, []);
    });
  }

  it('are not sent into private networks that the operator has not named', async () => {
    const error = await assertRefused('UNAVAILABLE', exchange('ghp_ana', context({ allow: [] })), /the log says why/);
    assert.equal(error.message.includes(github.host), false);
    assert.deepEqual(github.asked, []);
  });

  for (const status of [500, 302, 429]) {
    it(`do nothing while GitHub answers ${status}, and nobody waits for it afterwards`, async () => {
      const at = context();
      github.break(status);
      for (let times = 0; times < 25; times += 1) await assertRefused('UNAVAILABLE', exchange('ghp_ana', at));
      assert.equal(github.asked.length, 25, 'redirects are not followed');
    });
  }

  it('count all teams of a person who is in many', async () => {
    const many = Array.from({ length: 150 }, (_, at) => `other/t${at}`);
    github.people.set('ghp_busy', {
      id: 10,
      login: 'busy',
      organizations: { acme: 'active' },
      teams: [...many, 'acme/last'],
    });
    await exchange('ghp_busy', context({ teams: ['last'] }));
  });

  it('are not taken where no organisation is set', async () => {
    await assertRefused('UNAUTHENTICATED', exchange('ghp_ana', domain.context), /takes no GitHub tokens/);
  });

  it('are in no audit entry', async () => {
    await exchange('ghp_ana');
    await assertRefused('UNAUTHENTICATED', exchange('ghp_nobody'));
    const { rows } = await domain.context.storage.executeSql('select to_json(a)::text as text from audit_entry a');
    assert.ok(JSON.stringify(rows).includes('user.cli-sign-in'));
    assert.equal(JSON.stringify(rows).includes('ghp_'), false);
  });
});
