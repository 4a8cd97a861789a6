import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';

import { anonymous, type Caller, may } from '../../shared/caller.ts';
import { updateUser } from '../../storage/people.ts';
import { makeSpaces, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aUser } from '../../testing/storage-rows.ts';
import { until } from '../../testing/until.ts';
import { insertUserWithRole } from '../../testing/user-with-role.ts';
import type { Request } from '../context.ts';
import {
  type CallerSource,
  createApiKey,
  createCallerSource,
  createPersonalToken,
  deleteApiKey,
  deletePersonalToken,
  exchangeApiKey,
  listPersonalTokens,
  rightsChanged,
} from './index.ts';

const DAY = 24 * 60 * 60;

describe('personal access tokens', () => {
  let domain: TestDomain;
  let source: CallerSource;
  let ada: Request;
  beforeEach(async () => {
    domain = await testDomain();
    source = await createCallerSource(domain.context);
    ada = await aPerson(domain, 'ada', 'space-admin');
  });
  afterEach(() => source.stop());

  const callerOf = async (token: string): Promise<Caller> => source.callerOf(token, '/graphql', domain.admin.origin);
  const make = (request: Request, changes: object = {}) =>
    createPersonalToken(domain.context, request, { name: 'ci', scopes: ['mcp:write'], ...changes });
  const tokenOf = async (request: Request, changes: object = {}): Promise<string> =>
    (await make(request, changes)).token ?? '';
  const comingBy = async (token: string): Promise<Request> => ({ ...ada, caller: await callerOf(token) });

  it('act for their owner, as a session of their own', async () => {
    const { id, token } = await make(ada);
    const caller = await callerOf(token ?? '');
    assert.deepEqual(caller.principal, ada.caller.principal);
    assert.equal(caller.session, `token:${id}`);
    assert.equal(may(caller, 'SPACE_ADMIN', 'root'), true);
    assert.equal(await callerOf(token ?? ''), caller, 'the database is asked once');
  });

  it('have a form that scanners know: a prefix, and a checksum of what stands before it', async () => {
    const token = await tokenOf(ada);
    assert.match(token, /^slc_[0-9A-Za-z]{39}$/);
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const checksum = token
      .slice(-6)
      .split('')
      .reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    assert.equal(checksum, crc32(token.slice(0, -6)));
  });

  it('are shown once; what is kept and what is recorded does not give them away', async () => {
    const token = await tokenOf(ada);
    assert.equal((await listPersonalTokens(domain.context, ada, false))[0]?.token, null);
    const { rows } = await domain.context.storage.executeSql(
      'select to_json(t)::text as text from personal_token t union all select to_json(a)::text from audit_entry a',
    );
    assert.ok(rows.length > 1);
    assert.equal(JSON.stringify(rows).includes(token), false);
  });

  it('have the scopes that they were made with, and never more than their maker has', async () => {
    const reading = await tokenOf(ada, { scopes: ['mcp:read'] });
    assert.deepEqual([...(await callerOf(reading)).scopes], ['mcp:read']);
    assert.deepEqual([...(await callerOf(await tokenOf(ada))).scopes], ['mcp:read', 'mcp:write']);
    const reader = { ...ada, caller: { ...ada.caller, scopes: new Set(['mcp:read'] as const) } };
    await assertRefused('INSUFFICIENT_SCOPE', make(reader), /^unauthorized: mcp:write /);
    for (const scopes of [[], ['mcp:admin'], ['mcp:read', 'all']]) {
      await assertRefused('BAD_INPUT', make(ada, { scopes }), /^scopes: /);
    }
  });

  it('can be narrowed to spaces with what is below them', async () => {
    await makeSpaces(domain, { team: 'root', inner: 'team', other: 'root' });
    const { grants } = await callerOf(await tokenOf(ada));
    ada = { ...ada, caller: { ...ada.caller, grants } };
    const caller = await callerOf(await tokenOf(ada, { spaces: ['team'] }));
    assert.deepEqual([...caller.grants.keys()].toSorted(), ['inner', 'team']);
    await assertRefused('NO_SUCH', make(ada, { spaces: ['nowhere'] }), /no such space: "nowhere"/);
  });

  it('end, at the longest after the days that are set', async () => {
    const now = Math.floor(domain.clock.now().getTime() / 1000);
    const token = await tokenOf(ada, { expiresAt: now + 60 });
    assert.equal((await callerOf(token)).principal.name, 'ada');
    domain.clock.advance(61);
    await assertRefused('UNAUTHENTICATED', callerOf(token), /^unauthorized: .* has ended/);
    assert.equal((await make(ada)).expiresAt, now + 61 + 90 * DAY);
    await assertRefused('BAD_INPUT', make(ada, { expiresAt: now + 91 * DAY }), /^expiresAt: must lie at most 90 days/);
    await assertRefused('BAD_INPUT', make(ada, { expiresAt: now }), /^expiresAt: must lie in the future/);
  });

  it('show when they were last used', async () => {
    const { id, token } = await make(ada);
    const lastUse = async (): Promise<number | null | undefined> =>
      (await listPersonalTokens(domain.context, ada, false)).find((each) => each.id === id)?.lastUsedAt;
    assert.equal(await lastUse(), null);
    await callerOf(token ?? '');
    domain.clock.advance(3600);
    await callerOf(token ?? ''); // known already: counted all the same
    const now = Math.floor(domain.clock.now().getTime() / 1000);
    await until(async () => (await lastUse()) === now, { what: 'the use is written down' });
  });

  it('are refused when they are made up, mistyped or cut', async () => {
    const token = await tokenOf(ada);
    const swapped = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const wrong of [swapped, token.slice(0, -1), `${token}0`, 'slc_', `slc_${'0'.repeat(39)}`]) {
      await assertRefused('UNAUTHENTICATED', callerOf(wrong), /^unauthorized: no personal access token is like this/);
    }
  });

  describe('die', () => {
    it('when they are deleted, at once', async () => {
      const { id, token } = await make(ada);
      await callerOf(token ?? '');
      await deletePersonalToken(domain.context, ada, id);
      await assertRefused('UNAUTHENTICATED', callerOf(token ?? ''));
      await assertRefused('NO_SUCH', deletePersonalToken(domain.context, ada, id), /no such personalAccessToken/);
    });

    it('with a person who is disabled', async () => {
      const token = await tokenOf(ada);
      await callerOf(token);
      await domain.context.storage.transaction((db) => updateUser(db, ada.caller.principal.id, { disabled: true }));
      await rightsChanged(domain.context);
      await assertRefused('UNAUTHENTICATED', callerOf(token), /disabled or gone/);
    });

    it('with a key that is deleted, or has ended', async () => {
      const [first, second] = [await aKey(domain, source), await aKey(domain, source)];
      const tokens = [await tokenOf(first), await tokenOf(second)];
      await deleteApiKey(domain.context, domain.admin, first.caller.principal.id);
      await assertRefused('UNAUTHENTICATED', callerOf(tokens[0] ?? ''));
      await domain.context.storage.executeSql('update api_key set expires_at = $1 where id = $2', [
        new Date(domain.clock.now().getTime() + 60_000),
        second.caller.principal.id,
      ]);
      await callerOf(tokens[1] ?? '');
      domain.clock.advance(61);
      await assertRefused('UNAUTHENTICATED', callerOf(tokens[1] ?? ''), /was deleted or has ended/);
    });
  });

  describe('are managed', () => {
    it('by their owner and by administrators of root; of others they are not there', async () => {
      const grace = await aPerson(domain, 'grace', 'space-reader');
      const hers = await make(grace, { scopes: ['mcp:read'] });
      const adas = await make(ada);
      const ids = async (request: Request, everyone: boolean): Promise<string[]> =>
        (await listPersonalTokens(domain.context, request, everyone)).map(({ id }) => id);
      assert.deepEqual(await ids(grace, false), [hers.id]);
      assert.deepEqual(await ids(ada, true), [adas.id, hers.id]);
      await assertRefused('FORBIDDEN', ids(grace, true), /^unauthorized: /);
      await assertRefused('NO_SUCH', deletePersonalToken(domain.context, grace, adas.id));
      assert.equal((await deletePersonalToken(domain.context, ada, hers.id)).name, 'ci');
    });

    it('by no other token: one can end itself and nothing else', async () => {
      const { id, token } = await make(ada);
      const other = await make(ada);
      const request = await comingBy(token ?? '');
      await assertRefused('FORBIDDEN', make(request), /^unauthorized: a personal access token cannot make another/);
      await assertRefused('NO_SUCH', deletePersonalToken(domain.context, request, other.id));
      assert.equal((await deletePersonalToken(domain.context, request, id)).id, id);
    });

    it('by no assistant', async () => {
      const assistant = { ...ada, origin: { ...ada.origin, via: 'MCP' } as const };
      await assertRefused('FORBIDDEN', make(assistant), /^unauthorized: an assistant cannot make tokens/);
    });

    it('a hundred for each owner at the most', async () => {
      for (let count = 0; count < 100; count += 1) await make(ada);
      await assertRefused('LIMIT_EXCEEDED', make(ada), /100 tokens already/);
    });

    it('and told in the trail, made and deleted', async () => {
      const { id } = await make(ada);
      await deletePersonalToken(domain.context, ada, id);
      const { rows } = await domain.context.storage.executeSql(
        `select action, actor, data->>'name' as name from audit_entry where affected_id = $1 order by id`,
        [id],
      );
      assert.deepEqual(rows, [
        { action: 'personal-token.create', actor: 'user::ada', name: 'ci' },
        { action: 'personal-token.delete', actor: 'user::ada', name: 'ci' },
      ]);
    });
  });
});

/** Somebody with a role in root, signed in with all scopes. */
async function aPerson(domain: TestDomain, username: string, role: string): Promise<Request> {
  const id = `id of ${username}`;
  const createdAt = domain.clock.now();
  const user = { ...aUser(username, createdAt), id, passwordHash: '' };
  await domain.context.storage.transaction((db) => insertUserWithRole(db, user, role));
  const grants = role === 'space-admin' ? domain.admin.caller.grants : new Map();
  const caller = { ...domain.admin.caller, principal: { kind: 'USER', id, name: username } as const, grants };
  return { ...domain.admin, caller: { ...caller, session: `cli:${username}` } };
}

async function aKey(domain: TestDomain, source: CallerSource): Promise<Request> {
  const { id, secret } = await createApiKey(domain.context, domain.admin, { name: 'key', admin: true, teams: [] });
  const stranger = { ...domain.admin, caller: anonymous };
  const { jwt } = await exchangeApiKey(domain.context, stranger, { id, secret: secret ?? '' });
  return { ...domain.admin, caller: await source.callerOf(jwt, '/graphql', domain.admin.origin) };
}
