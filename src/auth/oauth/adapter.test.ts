import assert from 'node:assert/strict';

import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { createAdapter } from './adapter.ts';

describe('what the OAuth server remembers', () => {
  let domain: TestDomain;
  const adapter = (kind: string) => createAdapter(domain.context, kind);
  beforeEach(async () => {
    domain = await testDomain();
  });

  it('comes back as it was, until it ends', async () => {
    await adapter('RefreshToken').upsert('token', { grantId: 'grant', scope: 'mcp:read' }, 60);
    assert.deepEqual(await adapter('RefreshToken').find('token'), { grantId: 'grant', scope: 'mcp:read' });
    assert.equal(await adapter('AuthorizationCode').find('token'), undefined, 'of another kind');
    domain.clock.advance(61);
    assert.equal(await adapter('RefreshToken').find('token'), undefined);
  });

  it('is consumed once: of two at the same time one is refused, and the grant is gone', async () => {
    await adapter('Grant').upsert('grant', { accountId: 'ada' }, 60);
    await adapter('RefreshToken').upsert('token', { grantId: 'grant' }, 60);
    const { epoch } = domain.context.rights;
    const outcomes = await Promise.allSettled([1, 2].map(() => adapter('RefreshToken').consume('token')));
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    assert.ok(refused !== undefined);
    assert.equal((refused.reason as { error: string }).error, 'invalid_grant');
    assert.equal(await adapter('Grant').find('grant'), undefined);
    assert.equal(await adapter('RefreshToken').find('token'), undefined);
    assert.ok(domain.context.rights.epoch > epoch, 'callers of its tokens are looked up anew');
    const told = async () =>
      (
        await domain.context.storage.executeSql(
          `select related_id as grant from audit_entry where action = 'oauth.revoke'`,
        )
      ).rows;
    for (let left = 100; (await told()).length === 0 && left > 0; left -= 1)
      await new Promise((done) => setTimeout(done, 5));
    assert.deepEqual(await told(), [{ grant: 'grant' }]);
  });

  it('is found by its second name', async () => {
    await adapter('Session').upsert('cookie', { uid: 'u1' }, 60);
    assert.deepEqual(await adapter('Session').findByUid('u1'), { uid: 'u1' });
    assert.equal(await adapter('Session').findByUid('u2'), undefined);
  });

  it('is found by the code that a person enters, and for a while after it has ended', async () => {
    const code = { userCode: 'BCDFGHJK', clientId: 'sluice-cli' };
    await adapter('DeviceCode').upsert('device', code, 600);
    assert.deepEqual(await adapter('DeviceCode').findByUserCode('BCDFGHJK'), code);
    assert.equal(await adapter('DeviceCode').findByUserCode('BCDFGHJL'), undefined);
    domain.clock.advance(601);
    assert.deepEqual(await adapter('DeviceCode').find('device'), code, 'the device is told that it has ended');
    domain.clock.advance(600);
    assert.equal(await adapter('DeviceCode').find('device'), undefined);
  });

  it('is taken back by grant, and nothing else is', async () => {
    await adapter('RefreshToken').upsert('a', { grantId: 'one' }, 60);
    await adapter('RefreshToken').upsert('b', { grantId: 'two' }, 60);
    await adapter('RefreshToken').revokeByGrantId('one');
    assert.equal(await adapter('RefreshToken').find('a'), undefined);
    assert.notEqual(await adapter('RefreshToken').find('b'), undefined);
  });

  it('cannot be read in the database', async () => {
    await adapter('RefreshToken').upsert('the-token-itself', { grantId: 'grant', accountId: 'ada-lovelace' }, 60);
    const { rows } = await domain.context.storage.executeSql(
      `select id || coalesce(alias, '') || encode(payload, 'escape') as stored from oauth_record`,
    );
    const [{ stored }] = rows as [{ stored: string }];
    assert.doesNotMatch(stored, /the-token-itself|ada-lovelace/);
  });
});
