import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

import { anonymous, type Caller, may } from '../../shared/caller.ts';
import type { AppError, ErrorCode } from '../../shared/errors.ts';
import { requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { makeSpaces } from '../../testing/domain.ts';
import { updateSpace } from '../spaces/index.ts';
import {
  type ApiKeyRecord,
  type CallerSource,
  createApiKey,
  createCallerSource,
  createRoleBinding,
  deleteApiKey,
  deleteRoleBinding,
  exchangeApiKey,
  findApiKey,
  findRole,
  findRoleBinding,
  listApiKeys,
  listRoles,
  openSigningKeys,
  spaceOfRoleBinding,
  updateApiKey,
} from './index.ts';

const kind = 'API_KEY' as const;
const stranger = { ...requestOf('nobody'), caller: anonymous };

describe('API keys and their tokens', () => {
  let domain: TestDomain;
  let source: CallerSource;
  beforeEach(async () => {
    domain = await testDomain();
    source = await createCallerSource(domain.context);
  });
  afterEach(() => source.stop());

  const newKey = (name: string, admin = false): Promise<ApiKeyRecord> =>
    createApiKey(domain.context, domain.admin, { name, admin, teams: [] });
  const tokenOf = async ({ id, secret }: ApiKeyRecord): Promise<string> =>
    (await exchangeApiKey(domain.context, stranger, { id, secret: secret ?? '' })).jwt;
  const callerOf = async (token: string): Promise<Caller> => source.callerOf(token, '/graphql', domain.admin.origin);

  it('shows a secret once, and keeps only what it takes to check it', async () => {
    const key = await newKey('ci');
    assert.match(key.secret ?? '', /^[\w-]{43}$/);
    assert.equal((await findApiKey(domain.context, domain.admin, key.id))?.secret, null);
    assert.equal((await listApiKeys(domain.context, domain.admin)).find(({ id }) => id === key.id)?.secret, null);
    const { rows } = await domain.context.storage.executeSql(`select to_json(k)::text as text from api_key k
      union all select to_json(a)::text from audit_entry a`);
    assert.equal(JSON.stringify(rows).includes(key.secret ?? ''), false);
  });

  it('answers a wrong secret, an unknown id and a deleted key alike', async () => {
    const [key, deleted] = [await newKey('ci'), await newKey('gone')];
    await deleteApiKey(domain.context, domain.admin, deleted.id);
    const messages = new Set<string>();
    for (const credential of [
      { id: key.id, secret: 'wrong' },
      { id: key.id, secret: '' },
      { id: 'unknown', secret: key.secret ?? '' },
      { id: deleted.id, secret: deleted.secret ?? '' },
    ]) {
      const refused = exchangeApiKey(domain.context, stranger, credential);
      await assertRefused('UNAUTHENTICATED', refused, (error) => messages.add(error.message));
    }
    assert.deepEqual([...messages], ['unauthorized: no API key has this id and secret']);
  });

  it('turns away who tries secret after secret, and nobody else', async () => {
    const key = await newKey('ci');
    const from = (remoteAddress: string) => ({ ...stranger, origin: { ...stranger.origin, remoteAddress } });
    const attempt = (address: string, secret: string) =>
      exchangeApiKey(domain.context, from(address), { id: key.id, secret });
    for (let at = 0; at < 100; at += 1) await assertRefused('UNAUTHENTICATED', attempt('192.0.2.1', `wrong ${at}`));
    await assertRefused('RATE_LIMITED', attempt('192.0.2.1', key.secret ?? ''));
    assert.equal((await attempt('192.0.2.2', key.secret ?? '')).id, key.id, 'the owner, from elsewhere');
  });

  it('records who tried a key with a wrong secret, and nothing of keys that are not', async () => {
    const key = await newKey('ci');
    await assertRefused('UNAUTHENTICATED', exchangeApiKey(domain.context, stranger, { id: key.id, secret: 'x' }));
    await assertRefused('UNAUTHENTICATED', exchangeApiKey(domain.context, stranger, { id: 'no-key', secret: 'x' }));
    const refused = async () =>
      (
        await domain.context.storage.executeSql(
          `select affected_id as id, data->>'why' as why from audit_entry where action = 'api-key.exchange-refused'`,
        )
      ).rows;
    for (let left = 100; (await refused()).length === 0 && left > 0; left -= 1)
      await new Promise((done) => setTimeout(done, 5));
    assert.deepEqual(await refused(), [{ id: key.id, why: 'the secret is wrong' }]);
  });

  it('issues a token that clients can read: one audience without a slash, an end, the id', async () => {
    const key = await newKey('ci');
    const { jwt, validUntil } = await exchangeApiKey(domain.context, stranger, {
      id: key.id,
      secret: key.secret ?? '',
    });
    const [header, claims] = jwt.split('.').slice(0, 2).map(decodePart);
    const now = Math.floor(domain.clock.now().getTime() / 1000);
    assert.deepEqual(header, {
      alg: 'EdDSA',
      kid: (await openSigningKeys(domain.context, 'token-signing-keys'))[0]?.kid,
      typ: 'JWT',
    });
    const { jti, ...rest } = claims ?? {};
    assert.match(String(jti), /^\w{26}$/);
    const times = { iat: now, nbf: now, exp: now + 3600 };
    assert.deepEqual(rest, { iss: 'api-key', aud: 'http://localhost:4000', sub: key.id, ...times });
    assert.equal(validUntil, now + 3600);
  });

  it('knows the caller by the token: principal, session of the key, full scopes, rights', async () => {
    const key = await newKey('ci', true);
    const caller = await callerOf(await tokenOf(key));
    assert.deepEqual(caller.principal, { kind: 'API_KEY', id: key.id, name: 'ci' });
    assert.equal(caller.session, (await callerOf(await tokenOf(key))).session);
    assert.deepEqual([...caller.scopes], ['mcp:read', 'mcp:write']);
    assert.equal(may(caller, 'SPACE_ADMIN', 'root'), true);
  });

  it('gives a key without a role no rights at all', async () => {
    const caller = await callerOf(await tokenOf(await newKey('ci')));
    assert.equal(caller.grants.size, 0);
  });

  it('asks the database once a token', async () => {
    const token = await tokenOf(await newKey('ci'));
    assert.equal(await callerOf(token), await callerOf(token));
  });

  it('takes new keys to sign with every 90 days, and the tokens of the ones before until their end', async () => {
    const { id, secret } = await newKey('ci');
    const exchange = async (): Promise<string> =>
      (await exchangeApiKey(domain.context, stranger, { id, secret: secret ?? '' })).jwt;
    const keyOf = (jwt: string): unknown => decodePart(jwt.split('.')[0] ?? '')['kid'];
    const first = await exchange();
    assert.equal(keyOf(await exchange()), keyOf(first));
    domain.clock.advance(90 * 24 * 60 * 60 - 10);
    const [before, after] = [await exchange(), (domain.clock.advance(20), await exchange())];
    assert.equal(keyOf(before), keyOf(first));
    assert.notEqual(keyOf(after), keyOf(first));
    for (const jwt of [before, after]) assert.equal((await callerOf(jwt)).principal.id, id);
    const signers = await Promise.all([exchange(), exchange()]);
    assert.deepEqual(signers.map(keyOf), [keyOf(after), keyOf(after)]);
  });

  describe('refuses', () => {
    it('a token after its end, also one that it has accepted before', async () => {
      const token = await tokenOf(await newKey('ci'));
      await callerOf(token);
      domain.clock.advance(3600 + 6);
      await assertRefused('UNAUTHENTICATED', callerOf(token), (error) => assert.match(error.message, /has ended/));
    });

    it('forgeries of every kind', async () => {
      const key = await newKey('ci', true);
      const forged = await forgeries(domain, await tokenOf(key), key.id);
      assert.ok(forged.length >= 25);
      for (const [kind, token] of forged) {
        await assertRefused(
          'UNAUTHENTICATED',
          callerOf(token),
          (error) => {
            assert.match(error.message, /^unauthorized: /, kind);
            assert.equal(token !== '' && error.message.includes(token), false, kind);
          },
          kind,
        );
      }
    });

    it('a token of a key that has ended, although the token has not', async () => {
      const key = await newKey('ci');
      await domain.context.storage.executeSql('update api_key set expires_at = $1 where id = $2', [
        new Date(domain.clock.now().getTime() + 60_000).toISOString(),
        key.id,
      ]);
      const token = await tokenOf(key);
      await callerOf(token);
      domain.clock.advance(61);
      await assertRefused('UNAUTHENTICATED', callerOf(token));
    });

    it('a token of a key that is deleted, at once', async () => {
      const key = await newKey('ci');
      const token = await tokenOf(key);
      await callerOf(token);
      await deleteApiKey(domain.context, domain.admin, key.id);
      await assertRefused('UNAUTHENTICATED', callerOf(token));
    });
  });

  describe('rights take effect at once', () => {
    it('when a role is bound and when it is taken away', async () => {
      const key = await newKey('ci');
      const token = await tokenOf(key);
      assert.equal(may(await callerOf(token), 'SPACE_READ', 'root'), false);
      const input = { kind, actorId: key.id, roleID: 'space-reader', spaceID: 'root' };
      const binding = await createRoleBinding(domain.context, domain.admin, input);
      assert.equal(may(await callerOf(token), 'SPACE_READ', 'root'), true);
      assert.equal(may(await callerOf(token), 'SPACE_ADMIN', 'root'), false);
      await assertRefused('CONFLICT', createRoleBinding(domain.context, domain.admin, input));
      assert.equal(await spaceOfRoleBinding(domain.context, kind, binding.id), 'root');
      await deleteRoleBinding(domain.context, domain.admin, kind, binding.id);
      assert.equal(may(await callerOf(token), 'SPACE_READ', 'root'), false);
      assert.equal(await findRoleBinding(domain.context, domain.admin, kind, binding.id), null);
    });

    it('when a space moves', async () => {
      await makeSpaces(domain, { left: 'root', right: 'root', leaf: 'left' });
      const key = await newKey('ci');
      const role = { kind, actorId: key.id, roleID: 'space-admin', spaceID: 'left' };
      await createRoleBinding(domain.context, domain.admin, role);
      const token = await tokenOf(key);
      assert.equal(may(await callerOf(token), 'SPACE_ADMIN', 'leaf'), true);
      const moved = { name: 'leaf', description: '', inheritEntities: false, parentSpace: 'right' };
      await updateSpace(domain.context, domain.admin, 'leaf', moved);
      assert.equal(may(await callerOf(token), 'SPACE_ADMIN', 'leaf'), false);
    });

    it('on every server that shares the database', async () => {
      const other = { ...domain.context, rights: { epoch: 0 } };
      const otherSource = await createCallerSource(other);
      const key = await newKey('ci');
      const token = await tokenOf(key);
      await otherSource.callerOf(token, '/graphql', domain.admin.origin);
      await deleteApiKey(domain.context, domain.admin, key.id);
      await assertRefused(
        'UNAUTHENTICATED',
        Promise.resolve(otherSource.callerOf(token, '/graphql', domain.admin.origin)),
      );
      await otherSource.stop();
    });
  });

  it('changes what is given and keeps the rest', async () => {
    const key = await newKey('ci');
    const changed = await updateApiKey(domain.context, domain.admin, key.id, { description: 'builds', name: null });
    assert.deepEqual([changed.name, changed.description], ['ci', 'builds']);
    await assertRefused('BAD_INPUT', updateApiKey(domain.context, domain.admin, key.id, { name: '  ' }));
    await assertRefused('NO_SUCH', updateApiKey(domain.context, domain.admin, 'unknown', { name: 'x' }));
    await assertRefused('BAD_INPUT', newKey(''));
    await assertRefused('BAD_INPUT', newKey('x'.repeat(201)));
  });

  it('names what a binding lacks', async () => {
    const key = await newKey('ci');
    const good = { kind, actorId: key.id, roleID: 'space-reader', spaceID: 'root' };
    const fields = { actorId: 'apiKeyID', roleID: 'roleID', spaceID: 'spaceID' };
    for (const [part, field] of Object.entries(fields)) {
      const refused = createRoleBinding(domain.context, domain.admin, { ...good, [part]: 'unknown' });
      await assertRefused('BAD_INPUT', refused, (error) => assert.equal(error.details['field'], field));
    }
  });

  it('ships four roles, found by id or slug', async () => {
    const roles = await listRoles(domain.context, domain.admin);
    assert.deepEqual(
      roles.map(({ slug }) => slug),
      ['space-admin', 'space-reader', 'space-writer', 'worker-pool-controller'],
    );
    const admin = await findRole(domain.context, domain.admin, 'space-admin');
    assert.equal(admin?.roleBindingsCount, 1);
    assert.deepEqual(await findRole(domain.context, domain.admin, admin?.id ?? ''), admin);
    assert.equal(await findRole(domain.context, domain.admin, 'unknown'), null);
    const intent = roles.filter(({ actions }) => actions.some((action) => action.startsWith('INTENT_')));
    assert.deepEqual(
      intent.map(({ slug }) => slug),
      ['space-admin'],
      'everything about Intent needs an admin',
    );
  });

  it('writes an admin key at the first start that signs in as admin of everything', async () => {
    const { id, secret } = JSON.parse(await readFile(join(domain.dataDir, 'admin-key.json'), 'utf8')) as ApiKeyRecord;
    const { jwt } = await exchangeApiKey(domain.context, stranger, { id, secret: secret ?? '' });
    assert.equal(may(await callerOf(jwt), 'SPACE_ADMIN', 'root'), true);
  });
});

function decodePart(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

/** Tokens that look right in all but one point, made with the real key where a stranger could have it. */
async function forgeries(domain: TestDomain, good: string, subject: string): Promise<[string, string][]> {
  const [jwk] = await openSigningKeys(domain.context, 'token-signing-keys');
  assert.ok(jwk !== undefined);
  const real = await importJWK(jwk, 'EdDSA');
  const publicKey = await importJWK({ kty: jwk.kty, crv: jwk.crv, x: jwk.x } as JWK, 'EdDSA', { extractable: true });
  const other = (await generateKeyPair('EdDSA')).privateKey;
  const now = Math.floor(domain.clock.now().getTime() / 1000);
  const claims = {
    iss: 'api-key',
    aud: 'http://localhost:4000',
    sub: subject,
    iat: now,
    nbf: now,
    exp: now + 60,
    jti: 'x',
  };
  const header = { alg: 'EdDSA', typ: 'JWT', kid: jwk.kid };
  const sign = (changes: object, headerChanges: object = {}, key: typeof real = real): Promise<string> =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ ...header, ...headerChanges }).sign(key);
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = (alg: string, signature = ''): string =>
    `${encode({ ...header, alg })}.${encode(claims)}.${signature}`;
  const withMac = (secret: string | Uint8Array): string => {
    const body = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
  };
  const [head = '', body = '', signature = ''] = good.split('.');
  const signed: [string, object, object?][] = [
    ['another audience', { aud: 'http://localhost:4001' }],
    ['an audience with a slash', { aud: 'http://localhost:4000/' }],
    ['an audience below ours', { aud: 'http://localhost:4000/mcp' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'spacelift' }],
    ['no issuer', { iss: undefined }],
    ['no end', { exp: undefined }],
    ['ended', { exp: now - 10 }],
    ['not yet', { nbf: now + 60 }],
    ['no subject', { sub: undefined }],
    ['an unknown subject', { sub: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
    ['a subject with a wildcard', { sub: '%' }],
    ['no id', { jti: undefined }],
    ['the type of an access token', {}, { typ: 'at+jwt' }],
    ['no type', {}, { typ: undefined }],
    ['a critical extension', {}, { crit: ['b64'], b64: true, typ: 'other' }],
  ];
  return [
    ...(await Promise.all(signed.map(async ([kind, c, h]): Promise<[string, string]> => [kind, await sign(c, h)]))),
    ['another key', await sign({}, {}, other)],
    ['another key with a key id', await sign({}, { kid: '../../etc/passwd' }, other)],
    ['a key in the header', await sign({}, { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } }, other)],
    ['algorithm none', unsigned('none')],
    ['algorithm None', unsigned('None')],
    ['none with a signature', unsigned('none', signature)],
    ['the public key as a MAC secret', withMac(await exportSPKI(publicKey as CryptoKey))],
    ['the public point as a MAC secret', withMac(Buffer.from(String(jwk.x), 'base64url'))],
    ['an empty MAC secret', withMac('')],
    ['a changed body', `${head}.${encode({ ...claims, sub: 'other' })}.${signature}`],
    ['a changed signature', `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    ['a cut signature', `${head}.${body}.${signature.slice(0, -4)}`],
    ['no signature', `${head}.${body}.`],
    ['two parts', `${head}.${body}`],
    ['five parts', `${good}.x.y`],
    ['nothing', ''],
    ['nonsense', 'nonsense'],
  ];
}

async function assertRefused(
  code: ErrorCode,
  work: Promise<unknown>,
  check: (error: AppError) => unknown = () => {},
  kind = '',
): Promise<void> {
  await assert.rejects(
    work,
    (error: AppError) => {
      assert.equal(error.code, code, `${kind}: ${error.message}`);
      check(error);
      return true;
    },
    kind,
  );
}
