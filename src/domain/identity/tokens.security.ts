import assert from 'node:assert/strict';

import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

import { newUlid } from '../../shared/ids.ts';
import { saveOAuthRecord } from '../../storage/oauth-records.ts';
import { insertUser } from '../../storage/people.ts';
import { aUser } from '../../testing/storage-rows.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { type CallerSource, createApiKey, createCallerSource, exchangeApiKey } from './index.ts';
import { oauthRecordId } from './grant-is-alive.ts';
import { openSigningKeys } from './signing-keys.ts';

// Tokens with a genuine signature and one thing wrong: nothing but the check of that one thing keeps them out.

type Changes = Readonly<Record<string, unknown>>;

interface Signed {
  readonly header: Changes;
  readonly payload: Changes;
}

/** One kind of token: how a genuine one looks, and with what it is signed. */
interface Kind {
  readonly path: string;
  readonly genuine: Signed;
  readonly key: JWK;
}

const url = 'http://localhost:4000'; // of the test's domain

describe('tokens with a genuine signature', () => {
  let domain: TestDomain;
  let source: CallerSource;
  const kinds = new Map<string, Kind>();
  const kindNamed = (name: string): Kind => kinds.get(name) ?? assert.fail(name);

  before(async () => {
    domain = await testDomain();
    source = await createCallerSource(domain.context);
    kinds.set('of a key', await keyKind(domain));
    kinds.set('of OAuth', await accessKind(domain));
  });
  after(() => source?.stop());

  async function come(kind: Kind, change: Partial<Signed> = {}, path = kind.path): Promise<unknown> {
    const payload = dropAbsent({ ...kind.genuine.payload, ...change.payload });
    const header = dropAbsent({ ...kind.genuine.header, ...change.header }) as { alg: string };
    const token = await new SignJWT(payload as JWTPayload)
      .setProtectedHeader(header)
      .sign(await importJWK(kind.key, 'EdDSA'));
    return source.callerOf(token, path, domain.admin.origin);
  }
  const refused = { code: 'UNAUTHENTICATED', message: /^unauthorized: / };
  const now = (): number => Math.floor(domain.clock.now().getTime() / 1000);

  const wrong: [string, () => Partial<Signed>][] = [
    ['that has ended', () => ({ payload: { exp: now() - 6 } })],
    ['that ended long ago', () => ({ payload: { exp: 1 } })],
    ['that never ends', () => ({ payload: { exp: undefined } })],
    ['whose end is a text', () => ({ payload: { exp: String(now() + 600) } })],
    ['that begins later', () => ({ payload: { nbf: now() + 60 } })],
    ['of another issuer', () => ({ payload: { iss: 'https://issuer.example' } })],
    ['of an issuer with one more slash', () => ({ payload: { iss: `${url}/` } })],
    ['of no issuer', () => ({ payload: { iss: undefined } })],
    ['of a list of issuers', () => ({ payload: { iss: [url, 'api-key'] } })],
    ['for another server', () => ({ payload: { aud: 'https://other.example' } })],
    ['for another server that begins alike', () => ({ payload: { aud: `${url}.example` } })],
    ['for this server in other letters', () => ({ payload: { aud: url.toUpperCase() } })],
    ['for nobody', () => ({ payload: { aud: undefined } })],
    ['for an empty list', () => ({ payload: { aud: [] } })],
    ['of nobody', () => ({ payload: { sub: undefined } })],
    ['of somebody unknown', () => ({ payload: { sub: newUlid() } })],
    ['without an id of its own', () => ({ payload: { jti: undefined } })],
    ['of no type', () => ({ header: { typ: undefined } })],
    ['of the type of an ID token', () => ({ header: { typ: 'ID' } })],
    ['of the type of a logout token', () => ({ header: { typ: 'logout+jwt' } })],
    ['with a critical header that nobody knows', () => ({ header: { crit: ['exp'] } })],
  ];
  for (const name of ['of a key', 'of OAuth']) {
    describe(name, () => {
      it('are let in as they are', async () => {
        await come(kindNamed(name));
      });
      for (const [what, change] of wrong) {
        it(`are refused: one ${what}`, async () => {
          await assert.rejects(
            async () => come(kindNamed(name), change()),
            (error: Error & { code?: string }) => {
              // A header that signing itself refuses never comes to be sent.
              if (error.name === 'JOSENotSupported') return true;
              assert.equal(error.code, refused.code, error.message);
              return refused.message.test(error.message);
            },
          );
        });
      }
    });
  }

  const more: [string, string, () => Partial<Signed>, string | undefined][] = [
    ['of OAuth', 'for both resources', () => ({ payload: { aud: [`${url}/mcp`, `${url}/intent/mcp`] } }), undefined],
    ['of OAuth', 'at the other resource', () => ({}), '/intent/mcp'],
    ['of OAuth', 'at GraphQL', () => ({}), '/graphql'],
    ['of OAuth', 'of no grant', () => ({ payload: { grant_id: undefined } }), undefined],
    ['of OAuth', 'of a grant that was taken back', () => ({ payload: { grant_id: 'another' } }), undefined],
    ['of OAuth', 'of no client', () => ({ payload: { client_id: undefined } }), undefined],
    ['of OAuth', 'that calls itself one of a key', () => ({ header: { typ: 'JWT' } }), undefined],
    ['of OAuth', 'of a key id that is not published', () => ({ header: { kid: 'another' } }), undefined],
    ['of a key', 'that calls itself one of OAuth', () => ({ header: { typ: 'at+jwt' } }), undefined],
    ['of a key', 'that names a session which is none', () => ({ payload: { iss: 'user', sid: 'none' } }), undefined],
    ['of a key', 'from a secret that was rotated away', () => ({ payload: { gen: 7 } }), undefined],
  ];
  for (const [name, what, change, path] of more) {
    it(`${name} are refused: one ${what}`, async () => {
      const kind = kindNamed(name);
      await assert.rejects(async () => come(kind, change(), path ?? kind.path), refused);
    });
  }

  it('give no right that they name themselves', async () => {
    const claims = {
      admin: true,
      roles: ['space-admin'],
      scope: 'mcp:read admin *',
      grants: { root: ['SPACE_ADMIN'] },
    };
    const caller = (await come(kindNamed('of OAuth'), { payload: claims })) as {
      scopes: Set<string>;
      grants: Map<string, unknown>;
    };
    assert.deepEqual([[...caller.scopes], caller.grants.size], [['mcp:read'], 0]);
  });
});

async function keyKind({ context, admin }: TestDomain): Promise<Kind> {
  const { id, secret } = await createApiKey(context, admin, { name: 'victim', admin: false, teams: [] });
  const { jwt } = await exchangeApiKey(context, admin, { id, secret: secret ?? '' });
  const [key] = await openSigningKeys(context, 'token-signing-keys');
  if (key === undefined) throw new Error('there is a key');
  return { path: '/graphql', genuine: partsOf(jwt), key };
}

async function accessKind({ context, clock }: TestDomain): Promise<Kind> {
  const id = newUlid();
  const expiresAt = new Date(clock.now().getTime() + 600_000);
  await context.storage.transaction(async (db) => {
    await insertUser(db, { ...aUser('ada', clock.now()), id });
    const record = { id: oauthRecordId('Grant', 'grant'), kind: 'Grant', payload: Buffer.from('{}'), expiresAt };
    await saveOAuthRecord(db, { ...record, alias: undefined, grantId: undefined, consumedAt: undefined });
  });
  const [key] = await openSigningKeys(context, 'oauth-signing-keys');
  if (key === undefined) throw new Error('there is a key');
  const seconds = Math.floor(clock.now().getTime() / 1000);
  return {
    path: '/mcp',
    genuine: {
      header: { alg: 'EdDSA', typ: 'at+jwt', kid: key.kid },
      payload: {
        iss: url,
        aud: `${url}/mcp`,
        sub: id,
        iat: seconds,
        exp: seconds + 600,
        jti: newUlid(),
        client_id: 'client',
        grant_id: 'grant',
        scope: 'mcp:read',
      },
    },
    key,
  };
}

function partsOf(token: string): Signed {
  const [header = '', payload = ''] = token.split('.');
  const parse = (part: string): Changes => JSON.parse(Buffer.from(part, 'base64url').toString()) as Changes;
  return { header: parse(header), payload: parse(payload) };
}

function dropAbsent(claims: Changes): Changes {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
