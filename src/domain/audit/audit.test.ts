import assert from 'node:assert/strict';

import type { JsonObject } from '../../shared/json.ts';
import type { Storage } from '../../storage/database.ts';
import { requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { anonymous } from '../../shared/caller.ts';
import { linkAll } from './sequencer.ts';
import {
  type Checkpoint,
  openCheckpointKey,
  recordAudit,
  recordRefusal,
  searchAudit,
  startSequencer,
  verifyAudit,
} from './index.ts';

describe('the audit trail', () => {
  let domain: TestDomain;
  let storage: Storage;
  beforeEach(async () => {
    domain = await testDomain();
    storage = domain.context.storage;
    await linkAll(storage);
  });
  const record = (action: string, data = {}): Promise<void> =>
    storage.transaction((db) =>
      recordAudit(db, domain.context, domain.admin, { action, affected: { type: 'THING', id: action }, data }),
    );
  const verify = async (outside: readonly Checkpoint[] = []) =>
    verifyAudit(storage, { account: 'local', key: await openCheckpointKey({ storage }), outside });
  const find = async (action: string) =>
    (await searchAudit(domain.context, domain.admin, { fullTextSearch: action })).edges.map(({ node }) => node);

  it('says who did what to what, and how the request came', async () => {
    await record('thing.create', { name: "it's", gone: undefined });
    const [entry] = await find('thing.create');
    assert.deepEqual(JSON.parse(entry?.body ?? ''), { name: "it's", via: 'GRAPHQL', client: null, request: 'test' });
    assert.deepEqual(
      [entry?.actor.username, entry?.affectedResource, entry?.relatedResource, entry?.eventType, entry?.sequence],
      ['api_key::admin', { resourceId: 'thing.create', resourceType: 'THING' }, null, 'MUTATION', null],
    );
  });

  it('replaces characters that cannot be stored, in values and in names', async () => {
    await record('thing.odd', { 'na\0me': 'a\0b', list: ['\ud800', { deep: '\udc00' }] });
    const [entry] = await find('thing.odd');
    const { list, ...rest } = JSON.parse(entry?.body ?? '') as JsonObject;
    assert.deepEqual([list, rest['na\ufffdme']], [['\ufffd', { deep: '\ufffd' }], 'a\ufffdb']);
    await storage.transaction((db) => {
      const affected = { type: 'THING', id: 'i\0d' };
      return recordAudit(db, domain.context, domain.admin, { action: 'thing.ids', affected, related: affected });
    });
    const [ids] = await find('thing.ids');
    assert.deepEqual([ids?.affectedResource.resourceId, ids?.relatedResource?.resourceId], ['i\ufffdd', 'i\ufffdd']);
  });

  it('is not written when what it tells of is not', async () => {
    await assert.rejects(
      storage.transaction(async (db) => {
        await recordAudit(db, domain.context, domain.admin, { action: 'thing.fail', affected: { type: 'THING' } });
        throw new Error('undone');
      }),
    );
    assert.deepEqual(await find('thing.fail'), []);
  });

  it('records what known callers may not do, and nothing of strangers', async () => {
    const refusal = { code: 'FORBIDDEN', field: 'Mutation.spaceDelete', action: 'SPACE_ADMIN', space: 'root' };
    const { caller, origin } = requestOf('eve');
    recordRefusal(domain.context, { ...refusal, caller, origin });
    recordRefusal(domain.context, { ...refusal, caller: anonymous, origin });
    await until(async () => (await find('access.refused')).length === 1);
    const [entry] = await find('access.refused');
    assert.deepEqual([entry?.eventType, entry?.actor.username], ['REFUSAL', 'api_key::eve']);
  });

  it('is chained after a moment, in the order of the entries', async () => {
    const sequencer = startSequencer(domain.context);
    await record('thing.one');
    await record('thing.two');
    await sequencer.stop();
    const [one] = await find('thing.one');
    const [two] = await find('thing.two');
    assert.equal(two?.sequence, (one?.sequence ?? 0) + 1);
    assert.match(two?.hash ?? '', /^[0-9a-f]{64}$/);
    assert.equal((await verify()).intact, true);
  });

  it('is chained once when two servers do it at the same time', async () => {
    for (let at = 0; at < 20; at += 1) await record(`thing.${at}`);
    await Promise.all([linkAll(storage), linkAll(storage), linkAll(storage)]);
    assert.equal((await verify()).intact, true);
  });

  describe('altered by somebody who owns the database', () => {
    const alterations: [string, string][] = [
      ['an actor', `update audit_entry set actor = 'nobody' where seq = 5`],
      ['a single letter of the data', `update audit_entry set data = data || '{"name":"x"}' where seq = 5`],
      ['a time', `update audit_entry set at = at + interval '1 second' where seq = 5`],
      ['an address', `update audit_entry set remote_address = null where seq = 5`],
      ['an entry dropped', 'delete from audit_entry where seq = 5'],
      [
        'an entry dropped and the gap closed',
        'delete from audit_entry where seq = 5; update audit_entry set seq = seq - 1 where seq > 5',
      ],
      ['the first entry dropped', 'delete from audit_entry where seq = 1'],
      [
        'two entries swapped',
        'update audit_entry set seq = case seq when 5 then -6 else -5 end where seq in (5, 6); update audit_entry set seq = -seq where seq < 0',
      ],
      ['a hash', `update audit_entry set hash = repeat('0', 64) where seq = 5`],
      ['the hash before', `update audit_entry set prev_hash = repeat('0', 64) where seq = 5`],
      [
        'an entry put in',
        `update audit_entry set seq = seq + 1 where seq > 1000; insert into audit_entry
        select 'forged', 1001, at, account, event_type, action, actor, actor_roles, space, affected_type, affected_id,
          related_type, related_id, data, remote_address, hash, repeat('a', 64) from audit_entry order by seq desc limit 1`,
      ],
    ];
    beforeEach(async () => {
      for (let at = 0; at < 8; at += 1) await record(`thing.${at}`);
      await linkAll(storage);
      assert.equal((await verify()).intact, true);
    });

    for (const [what, statements] of alterations) {
      it(`shows: ${what}`, async () => {
        await storage.executeSql(
          `alter table audit_entry disable trigger user; ${statements}; alter table audit_entry enable trigger user`,
        );
        const verdict = await verify();
        assert.equal(verdict.intact, false, verdict.message);
        assert.match(verdict.message, /is broken after entry \d+/);
      });
    }

    it('says that it cannot prove the tail, and gives the hash to compare with', async () => {
      const before = await verify();
      await storage.executeSql(`alter table audit_entry disable trigger user;
        delete from audit_entry where seq = (select max(seq) from audit_entry); alter table audit_entry enable trigger user`);
      const cut = await verify();
      assert.match(cut.message, /Tail unproven/);
      const hash = (message: string): string | undefined => /last hash (\w+)/.exec(message)?.[1];
      assert.notEqual(hash(cut.message), hash(before.message));
      assert.equal(cut.entries, before.entries - 1);
    });
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let left = 100; !(await holds()); left -= 1) {
    assert.notEqual(left, 0, 'it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
