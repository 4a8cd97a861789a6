import assert from 'node:assert/strict';

import { anonymous, type Caller } from '../../shared/caller.ts';
import { requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { Request } from '../context.ts';
import {
  type ApiKeyRecord,
  type CallerSource,
  createApiKey,
  createCallerSource,
  createPersonalToken,
  deleteApiKey,
  exchangeApiKey,
  findApiKey,
  narrowToken,
  rotateApiKey,
  updateApiKey,
} from './index.ts';

const REFUSED = /^unauthorized: no API key has this id and secret$/;

describe('the life of an API key', () => {
  let domain: TestDomain;
  let source: CallerSource;
  beforeEach(async () => {
    domain = await testDomain();
    source = await createCallerSource(domain.context);
  });
  afterEach(() => source.stop());

  const newKey = (changes: object = {}): Promise<ApiKeyRecord> =>
    createApiKey(domain.context, domain.admin, { name: 'ci', admin: false, teams: [], ...changes });
  const exchange = async ({ id, secret }: Pick<ApiKeyRecord, 'id' | 'secret'>): Promise<string> =>
    (await exchangeApiKey(domain.context, { ...domain.admin, caller: anonymous }, { id, secret: secret ?? '' })).jwt;
  const callerOf = async (token: string): Promise<Caller> => source.callerOf(token, '/graphql', domain.admin.origin);
  const as = async (token: string): Promise<Request> => ({ ...domain.admin, caller: await callerOf(token) });
  const now = (): number => Math.floor(domain.clock.now().getTime() / 1000);

  describe('ends', () => {
    it('when it was said to, its tokens with it', async () => {
      const key = await newKey({ expiresAt: now() + 60 });
      const token = await exchange(key);
      await callerOf(token);
      domain.clock.advance(61);
      await assertRefused('UNAUTHENTICATED', exchange(key), REFUSED);
      await assertRefused('UNAUTHENTICATED', callerOf(token), /was deleted or has ended/);
    });

    it('later or never, if that is changed', async () => {
      const { id } = await newKey({ expiresAt: now() + 60 });
      const change = async (expiresAt: number | null) =>
        (await updateApiKey(domain.context, domain.admin, id, { expiresAt })).expiresAt;
      assert.equal(await change(now() + 120), now() + 120);
      assert.equal(await change(null), now() + 120, 'null leaves it as it is');
      assert.equal(await change(0), null);
      await assertRefused('BAD_INPUT', change(now()), /^expiresAt: must lie in the future/);
    });
  });

  describe('goes on with a new secret', () => {
    const rotate = (id: string, graceSeconds: number): Promise<ApiKeyRecord> =>
      rotateApiKey(domain.context, domain.admin, id, graceSeconds);

    it('and without the old one and all that was made with it', async () => {
      const key = await newKey();
      const token = await exchange(key);
      const kept = await createPersonalToken(domain.context, await as(token), { name: 'kept', scopes: ['mcp:read'] });
      const rotated = await rotate(key.id, 0);
      assert.notEqual(rotated.secret, key.secret);
      await assertRefused('UNAUTHENTICATED', exchange(key), REFUSED);
      await assertRefused('UNAUTHENTICATED', callerOf(token), /the secret behind this token was replaced/);
      await assertRefused('UNAUTHENTICATED', callerOf(kept.token ?? ''));
      assert.equal((await callerOf(await exchange(rotated))).principal.id, key.id);
      assert.equal((await findApiKey(domain.context, domain.admin, key.id))?.secret, null);
    });

    it('while the old one counts for a time of grace', async () => {
      const key = await newKey();
      const token = await exchange(key);
      const rotated = await rotate(key.id, 3600);
      assert.equal(rotated.previousSecretUntil, now() + 3600);
      await Promise.all([exchange(key), exchange(rotated), callerOf(token)]);
      domain.clock.advance(3600);
      await assertRefused('UNAUTHENTICATED', exchange(key), REFUSED);
      await exchange(rotated);
    });

    it('and no grace any more once it is rotated at once', async () => {
      const key = await newKey();
      await rotate(key.id, 3600);
      await rotate(key.id, 0);
      await assertRefused('UNAUTHENTICATED', exchange(key), REFUSED);
    });

    it('that only those see who could act as the key anyway', async () => {
      const [admin, plain] = [await newKey({ admin: true }), await newKey()];
      const editor = requestOf('editor', { root: ['API_KEY_UPDATE'] });
      const refused = rotateApiKey(domain.context, editor, admin.id, 0);
      await assertRefused('FORBIDDEN', refused, /^unauthorized: nobody hands out more than they hold/);
      await exchange(admin);
      assert.notEqual((await rotateApiKey(domain.context, editor, plain.id, 0)).secret, null);
    });

    it('unless it is gone, the grace is out of bounds, or an assistant asks', async () => {
      const { id } = await newKey();
      await assertRefused('BAD_INPUT', rotate(id, -1), /^graceSeconds: /);
      const assistant = { ...domain.admin, origin: { ...domain.admin.origin, via: 'MCP' } as const };
      await assertRefused('FORBIDDEN', rotateApiKey(domain.context, assistant, id, 0), /^unauthorized: an assistant/);
      await deleteApiKey(domain.context, domain.admin, id);
      await assertRefused('NO_SUCH', rotate(id, 0));
    });
  });

  describe('is lent out in part', () => {
    const narrow = async (token: string, scopes: string[], ttlSeconds?: number) =>
      narrowToken(domain.context, await as(token), { scopes, ttlSeconds });

    it('by a token of some scopes that ends sooner', async () => {
      const token = await exchange(await newKey());
      const narrowed = await narrow(token, ['mcp:read'], 60);
      assert.equal(narrowed.validUntil, now() + 60);
      assert.deepEqual([...(await callerOf(narrowed.jwt)).scopes], ['mcp:read']);
      domain.clock.advance(66);
      await assertRefused('UNAUTHENTICATED', callerOf(narrowed.jwt), /the token has ended/);
    });

    it('never for longer than the token that asks, nor for more', async () => {
      const token = await exchange(await newKey());
      domain.clock.advance(3000);
      const narrowed = await narrow(token, ['mcp:read'], 3600);
      assert.equal(narrowed.validUntil, now() + 600);
      await assertRefused('INSUFFICIENT_SCOPE', narrow(narrowed.jwt, ['mcp:write']));
      domain.clock.advance(300);
      assert.equal((await narrow(narrowed.jwt, ['mcp:read'])).validUntil, now() + 300);
    });

    it('until the key is rotated or deleted', async () => {
      const key = await newKey();
      const { jwt } = await narrow(await exchange(key), ['mcp:read']);
      await callerOf(jwt);
      const rotated = await rotateApiKey(domain.context, domain.admin, key.id, 0);
      await assertRefused('UNAUTHENTICATED', callerOf(jwt));
      const again = await narrow(await exchange(rotated), ['mcp:read']);
      await callerOf(again.jwt);
      await deleteApiKey(domain.context, domain.admin, key.id);
      await assertRefused('UNAUTHENTICATED', callerOf(again.jwt));
    });

    it('not by a personal token, nor to an assistant, nor in other words', async () => {
      const request = await as(await exchange(await newKey()));
      const { token } = await createPersonalToken(domain.context, request, { name: 'own', scopes: ['mcp:write'] });
      await assertRefused('FORBIDDEN', narrow(token ?? '', ['mcp:read']), /^unauthorized: a personal access token/);
      const assistant = { ...request, origin: { ...request.origin, via: 'MCP' } as const };
      await assertRefused('FORBIDDEN', narrowToken(domain.context, assistant, { scopes: ['mcp:read'] }));
      for (const ttlSeconds of [0, 3601]) {
        const refused = narrowToken(domain.context, request, { scopes: ['mcp:read'], ttlSeconds });
        await assertRefused('BAD_INPUT', refused, /^ttlSeconds: must be from 1 to 3600/);
      }
    });
  });
});
