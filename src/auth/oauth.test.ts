import assert from 'node:assert/strict';
import { constants, createDecipheriv, createHmac, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';

import { formOf, invitationIn, password, plainPerson } from '../testing/person.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

const redirectUri = 'http://127.0.0.1:39218/callback';
const insecure = { [oauth.allowInsecureRequests]: true }; // the server under test is on loopback, without TLS

describe('the OAuth server', function () {
  let server: TestServer;
  let ada: ReturnType<typeof plainPerson>;
  let client: oauth.Client;
  let as: oauth.AuthorizationServer;

  before(async () => {
    server = await startTestServer();
    ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
    const resource = new URL(`${server.url}/mcp`);
    const found = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, insecure),
    );
    const issuer = new URL(found.authorization_servers?.[0] ?? '');
    const request = { ...insecure, algorithm: 'oauth2' } as const;
    as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, request));
    client = await register();
  });
  after(() => server?.stop());

  const metadata = { client_name: 'Strict', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
  async function register(): Promise<oauth.Client> {
    const answer = await oauth.dynamicClientRegistrationRequest(as, metadata, insecure);
    return oauth.processDynamicClientRegistrationResponse(answer);
  }

  interface Asked {
    readonly url: URL;
    readonly verifier: string;
    readonly state: string;
  }
  async function ask(changes: Readonly<Record<string, string | undefined>> = {}): Promise<Asked> {
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
    const all: Record<string, string | undefined> = {
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'mcp:read mcp:write',
      resource: `${server.url}/mcp`,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...changes,
    };
    const url = new URL(as.authorization_endpoint ?? '');
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
    return { url, verifier, state };
  }

  /** The way through that a strict client accepts, to its tokens. */
  async function signIn(changes: Readonly<Record<string, string>> = {}): Promise<oauth.TokenEndpointResponse> {
    const { url, verifier, state } = await ask(changes);
    const callback = await ada.decide(url, { approve: true });
    const parameters = oauth.validateAuthResponse(as, client, callback, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      redirectUri,
      verifier,
      {
        ...insecure,
        additionalParameters: { resource: changes['resource'] ?? `${server.url}/mcp` },
      },
    );
    return oauth.processAuthorizationCodeResponse(as, client, answer);
  }

  async function getCode(changes: Readonly<Record<string, string>> = {}) {
    const { url, verifier } = await ask(changes);
    const callback = await ada.decide(url, { approve: true });
    return { code: callback.searchParams.get('code') ?? assert.fail(callback.href), verifier };
  }

  async function token(fields: Readonly<Record<string, string>>): Promise<{ status: number; error: unknown }> {
    const body = new URLSearchParams({ client_id: client.client_id, ...fields });
    const answer = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
    const { error } = (await answer.json()) as { error?: string };
    return { status: answer.status, error };
  }
  const redeem = (fields: Readonly<Record<string, string>>) =>
    token({ grant_type: 'authorization_code', redirect_uri: redirectUri, resource: `${server.url}/mcp`, ...fields });
  const refresh = (refreshToken: string, more: Readonly<Record<string, string>> = {}) =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...more });

  function call(bearer: string, path = '/mcp'): Promise<Response> {
    const isGraphql = path === '/graphql';
    const message = isGraphql ? { query: '{ viewer { name } }' } : { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    return fetch(server.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
        accept: isGraphql ? 'application/graphql-response+json' : 'application/json, text/event-stream',
      },
      body: JSON.stringify(message),
    });
  }

  it('suits a strict client from discovery to tokens', async () => {
    const tokens = await signIn();
    assert.equal(tokens.scope, 'mcp:read mcp:write');
    assert.equal(tokens.expires_in, 600);
    const request = new Request(`${server.url}/mcp`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, `${server.url}/mcp`, insecure);
    assert.equal(claims.client_id, client.client_id);
    assert.equal((await call(tokens.access_token)).status, 200);
  });

  it('gives no rights but those of the person', async () => {
    const { access_token: bearer } = await signIn();
    const answer = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'query', arguments: { document: '{ viewer { name admin } }' } },
      }),
    });
    assert.match(await answer.text(), /\\"name\\": ?\\"ada\\"/);
  });

  describe('an access token', () => {
    it('is good at its own resource only', async () => {
      const { access_token: main } = await signIn();
      const { access_token: intent } = await signIn({ resource: `${server.url}/intent/mcp` });
      assert.deepEqual(
        [
          (await call(main, '/mcp')).status,
          (await call(main, '/intent/mcp')).status,
          (await call(main, '/graphql')).status,
          (await call(intent, '/intent/mcp')).status,
          (await call(intent, '/mcp')).status,
          (await call(intent, '/graphql')).status,
        ],
        [200, 401, 401, 200, 401, 401],
      );
      const refused = await call(main, '/intent/mcp');
      assert.match(await refused.text(), /the token is for http[^ ]+\/mcp and is good nowhere else/);
      const challenge = refused.headers.get('www-authenticate') ?? '';
      assert.match(challenge, /resource_metadata="[^"]+\/\.well-known\/oauth-protected-resource\/intent\/mcp"/);
    });

    it('is refused with a challenge that says where to get another', async () => {
      const answer = await call('a.b.c');
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token".*resource_metadata="/);
    });

    it('ends when the client gives its refresh token back', async () => {
      const tokens = await signIn();
      assert.equal((await call(tokens.access_token)).status, 200);
      const answer = await oauth.revocationRequest(as, client, oauth.None(), tokens.refresh_token ?? '', insecure);
      await oauth.processRevocationResponse(answer);
      assert.equal((await call(tokens.access_token)).status, 401);
    });

    it('of a key is good everywhere', async () => {
      const key = await server.adminToken();
      for (const path of ['/mcp', '/intent/mcp', '/graphql']) assert.equal((await call(key, path)).status, 200, path);
    });

    describe('that is forged', () => {
      let genuine: { header: Record<string, unknown>; payload: JWTPayload; text: string };
      let published: { x: string; kid: string };
      before(async () => {
        const { access_token: text } = await signIn();
        const [header = '', payload = ''] = text.split('.');
        const parse = (part: string): Record<string, unknown> =>
          JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
        genuine = { header: parse(header), payload: parse(payload), text };
        const { keys } = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: (typeof published)[] };
        published = keys[0] ?? assert.fail('a key is published');
      });
      const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
      const unsigned = (header: object, payload: object = genuine.payload): string =>
        `${encode({ ...genuine.header, ...header })}.${encode(payload)}.`;
      const resigned = (header: object, payload: object): string =>
        `${unsigned(header, payload)}${genuine.text.split('.')[2] ?? ''}`;
      async function byStranger(header: object, payload: object = {}): Promise<string> {
        const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
        const jwk = await exportJWK(publicKey);
        const all = { ...genuine.payload, ...payload } as JWTPayload;
        const fields = 'jwk' in header ? { ...header, jwk } : header;
        return new SignJWT(all).setProtectedHeader({ ...genuine.header, alg: 'EdDSA', ...fields }).sign(privateKey);
      }
      const hour = 3600;
      const forgeries: [string, () => string | Promise<string>][] = [
        ['alg none', () => unsigned({ alg: 'none' })],
        ['alg None', () => unsigned({ alg: 'None' })],
        ['no signature', () => unsigned({})],
        [
          'a public key used as a shared secret',
          () => {
            const text = unsigned({ alg: 'HS256' }).slice(0, -1);
            return `${text}.${createHmac('sha256', Buffer.from(published.x, 'base64url')).update(text).digest('base64url')}`;
          },
        ],
        [
          'the key as JSON used as a shared secret',
          () => {
            const text = unsigned({ alg: 'HS256' }).slice(0, -1);
            return `${text}.${createHmac('sha256', JSON.stringify(published)).update(text).digest('base64url')}`;
          },
        ],
        ["a stranger's key", () => byStranger({})],
        ["a stranger's key that the token brings along", () => byStranger({ jwk: {} })],
        ['a key to be fetched', () => byStranger({ jku: 'http://127.0.0.1:9/jwks', kid: 'theirs' })],
        ['a key id that is a path', () => byStranger({ kid: '../../../../dev/null' })],
        ['a key id that is a statement', () => byStranger({ kid: "' or 1=1 --" })],
        ['an unknown critical header', () => byStranger({ crit: ['b64'], b64: false }).catch(() => 'a.b.c')],
        ['another type', () => byStranger({ typ: 'JWT' })],
        ['no type', () => byStranger({ typ: undefined })],
        ['another audience', () => resigned({}, { ...genuine.payload, aud: `${server.url}/intent/mcp` })],
        ['two audiences', () => resigned({}, { ...genuine.payload, aud: [`${server.url}/mcp`, 'https://x.example'] })],
        ['another issuer', () => resigned({}, { ...genuine.payload, iss: 'https://issuer.example' })],
        ['another subject', () => resigned({}, { ...genuine.payload, sub: 'somebody' })],
        ['wider scopes', () => resigned({}, { ...genuine.payload, scope: 'mcp:read mcp:write admin' })],
        ['a later end', () => resigned({}, { ...genuine.payload, exp: (genuine.payload.exp ?? 0) + hour })],
        ['a signature cut short', () => genuine.text.slice(0, -4)],
        ['two dots too many', () => `${genuine.text}.a.b`],
        ['an id token of somebody else', () => byStranger({ typ: 'JWT' }, { iss: 'https://accounts.example' })],
      ];
      for (const [what, forge] of forgeries) {
        it(`by ${what} is refused`, async () => {
          const answer = await call(await forge());
          assert.equal(answer.status, 401);
          assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/);
        });
      }

      it('is refused, while the genuine one is let in', async () => {
        assert.equal((await call(genuine.text)).status, 200);
      });
    });
  });

  describe('a code', () => {
    it('is good once; used again, all that came of it is taken back', async () => {
      const { code, verifier } = await getCode();
      const body = new URLSearchParams({
        client_id: client.client_id,
        grant_type: 'authorization_code',
        redirect_uri: redirectUri,
        code,
        code_verifier: verifier,
        resource: `${server.url}/mcp`,
      });
      const first = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
      const tokens = (await first.json()) as { access_token: string; refresh_token: string };
      assert.equal((await call(tokens.access_token)).status, 200);
      assert.deepEqual(await redeem({ code, code_verifier: verifier }), { status: 400, error: 'invalid_grant' });
      assert.equal((await call(tokens.access_token)).status, 401);
      assert.deepEqual(await refresh(tokens.refresh_token), { status: 400, error: 'invalid_grant' });
    });

    it('is given out once to two who come at the same time', async () => {
      const { code, verifier } = await getCode();
      const answers = await Promise.all(Array.from({ length: 8 }, () => redeem({ code, code_verifier: verifier })));
      assert.ok(answers.filter(({ status }) => status === 200).length <= 1, JSON.stringify(answers));
    });

    const wrong: [string, Record<string, string>, string][] = [
      ['another verifier', { code_verifier: oauth.generateRandomCodeVerifier() }, 'invalid_grant'],
      ['an empty verifier', { code_verifier: '' }, 'invalid_grant'],
      ['another redirect', { redirect_uri: `${redirectUri}/` }, 'invalid_grant'],
      ['no redirect', { redirect_uri: '' }, 'invalid_request'],
      ['another port', { redirect_uri: redirectUri.replace('39218', '39219') }, 'invalid_grant'],
      ['the other resource', { resource: 'intent' }, 'invalid_target'],
      ['a resource elsewhere', { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
      ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ];
    for (const [what, change, error] of wrong) {
      it(`is refused with ${what}`, async () => {
        const { code, verifier } = await getCode();
        const fields = change['resource'] === 'intent' ? { resource: `${server.url}/intent/mcp` } : change;
        const answer = await redeem({ code, code_verifier: verifier, ...fields });
        assert.equal(answer.error, error);
        assert.equal(answer.status, error === 'invalid_client' ? 401 : 400);
      });
    }

    it('is refused to another client', async () => {
      const { code, verifier } = await getCode();
      const other = await register();
      const answer = await redeem({ code, code_verifier: verifier, client_id: other.client_id });
      assert.deepEqual(answer, { status: 400, error: 'invalid_grant' });
    });
  });

  describe('a refresh token', () => {
    it('gives new ones, and no wider scopes', async () => {
      const { url, verifier, state } = await ask();
      const callback = await ada.decide(url, { approve: true, without: ['mcp:write'] });
      const parameters = oauth.validateAuthResponse(as, client, callback, state);
      const more = { ...insecure, additionalParameters: { resource: `${server.url}/mcp` } };
      const grant = await oauth.authorizationCodeGrantRequest(
        as,
        client,
        oauth.None(),
        parameters,
        redirectUri,
        verifier,
        more,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, grant);
      assert.equal(tokens.scope, 'mcp:read');
      const wider = await refresh(tokens.refresh_token ?? '', { scope: 'mcp:read mcp:write' });
      assert.notEqual(wider.status, 200);
      const answer = await oauth.refreshTokenGrantRequest(
        as,
        client,
        oauth.None(),
        tokens.refresh_token ?? '',
        insecure,
      );
      const next = await oauth.processRefreshTokenResponse(as, client, answer);
      assert.equal(next.scope, 'mcp:read');
      assert.notEqual(next.refresh_token, tokens.refresh_token);
      assert.equal((await call(next.access_token)).status, 200);
    });

    it('used a second time ends the whole family', async () => {
      const tokens = await signIn();
      const answer = await oauth.refreshTokenGrantRequest(
        as,
        client,
        oauth.None(),
        tokens.refresh_token ?? '',
        insecure,
      );
      const next = await oauth.processRefreshTokenResponse(as, client, answer);
      assert.deepEqual(await refresh(tokens.refresh_token ?? ''), { status: 400, error: 'invalid_grant' });
      assert.deepEqual(await refresh(next.refresh_token ?? ''), { status: 400, error: 'invalid_grant' });
      assert.equal((await call(next.access_token)).status, 401);
      assert.equal((await call(tokens.access_token)).status, 401);
    });

    it('is exchanged once when two come at the same time, and then the family ends', async () => {
      const tokens = await signIn();
      const bodies: { status: number; access_token?: string }[] = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const fields = { client_id: client.client_id, grant_type: 'refresh_token' };
          const body = new URLSearchParams({ ...fields, refresh_token: tokens.refresh_token ?? '' });
          const answer = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
          return { status: answer.status, ...((await answer.json()) as object) };
        }),
      );
      const given = bodies.filter(({ status }) => status === 200);
      assert.ok(given.length <= 1, `${given.length} were given tokens`);
      assert.equal((await call(given[0]?.access_token ?? tokens.access_token)).status, 401);
    });

    it('is refused to another client, and made up ones to all', async () => {
      const tokens = await signIn();
      const other = await register();
      const stolen = await refresh(tokens.refresh_token ?? '', { client_id: other.client_id });
      assert.deepEqual(stolen, { status: 400, error: 'invalid_grant' });
      assert.deepEqual(await refresh('made-up'), { status: 400, error: 'invalid_grant' });
    });
  });

  describe('a request for access', () => {
    /** Answered at the client's own address, as the standard has it. */
    const redirected: [string, Record<string, string | undefined>, string][] = [
      ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
      ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
      ['with PKCE of no stated method', { code_challenge_method: undefined }, 'invalid_request'],
      ['without a resource', { resource: undefined }, 'invalid_target'],
      ['for a resource elsewhere', { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
      ['for a resource with a fragment', { resource: 'https://elsewhere.example/mcp#a' }, 'invalid_target'],
      ['for a token straight away', { response_type: 'token' }, 'unsupported_response_type'],
      ['for an ID token', { response_type: 'code id_token' }, 'unsupported_response_type'],
      ['that nobody shall see', { prompt: 'none' }, 'login_required'],
      ['with a request object', { request: 'e30.e30.' }, 'request_not_supported'],
    ];
    for (const [what, changes, error] of redirected) {
      it(`${what} is sent back with ${error}`, async () => {
        const { url, state } = await ask(changes);
        const callback = await ada.decide(url, { approve: true });
        assert.equal(callback.origin, new URL(redirectUri).origin, callback.href);
        // What asks for tokens straight away is answered behind the `#`, where it would have had them.
        const told = callback.hash === '' ? callback.searchParams : new URLSearchParams(callback.hash.slice(1));
        assert.deepEqual([told.get('error'), told.get('state'), told.get('iss')], [error, state, server.url]);
      });
    }

    const shown: [string, string][] = [
      ['with one more character', `${redirectUri}x`],
      ['with a slash more', `${redirectUri}/`],
      ['with a query', `${redirectUri}?a=b`],
      ['in other letters', redirectUri.replace('callback', 'Callback')],
      ['over https', redirectUri.replace('http:', 'https:')],
      ['to another loopback name', redirectUri.replace('127.0.0.1', 'localhost')],
      ['to a host that looks like loopback', redirectUri.replace('127.0.0.1', '127.0.0.1.example.com')],
      ['with a name in front', redirectUri.replace('//', '//user@')],
      ['to somewhere else', 'https://elsewhere.example/callback'],
      ['that is a script', 'javascript:alert(1)'],
    ];
    for (const [what, uri] of shown) {
      it(`with a redirect ${what} goes nowhere`, async () => {
        const { url } = await ask({ redirect_uri: uri });
        const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
        assert.equal(answer.status, 400);
        assert.equal(answer.headers.get('location'), null);
      });
    }

    it('may come back at any port of this computer', async () => {
      const { url } = await ask({ redirect_uri: redirectUri.replace('39218', '50999') });
      assert.equal((await ada.decide(url, { approve: true })).port, '50999');
    });

    it('that was denied gives no code', async () => {
      const { url, state } = await ask();
      const callback = await ada.decide(url, { approve: false });
      assert.equal(callback.searchParams.get('error'), 'access_denied');
      assert.throws(() => oauth.validateAuthResponse(as, client, callback, state), oauth.AuthorizationResponseError);
    });

    it('with both boxes cleared is denied', async () => {
      const { url } = await ask();
      const callback = await ada.decide(url, { approve: true, without: ['mcp:read', 'mcp:write'] });
      assert.equal(callback.searchParams.get('error'), 'access_denied');
    });

    it('that names no scope asks for both', async () => {
      const { url } = await ask({ scope: undefined });
      const page = await ada.visit(url.href);
      assert.match(page.text, /value="mcp:read"[^>]* checked \/>[\s\S]*value="mcp:write"[^>]* checked \/>/);
    });

    it('for reading does not offer more', async () => {
      const { url } = await ask({ scope: 'mcp:read' });
      const page = await ada.visit(url.href);
      assert.match(page.text, /value="mcp:read"/);
      assert.doesNotMatch(page.text, /value="mcp:write"/);
    });

    it('cannot be decided from another browser', async () => {
      const { url } = await ask();
      const page = await ada.visit(url.href);
      const stranger = plainPerson('eve');
      const other = await stranger.visit(page.url.href);
      assert.equal(other.status, 404);
      assert.match(other.text, /began in another browser/);
    });

    it('cannot be approved by a form of another page', async () => {
      const { url } = await ask();
      const page = await ada.visit(url.href);
      for (const csrf of [
        '',
        formOf(page, {})
          .get('csrf')
          ?.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A')) ?? '',
      ]) {
        const form = new URLSearchParams({ csrf, decision: 'approve', scope: 'mcp:write' });
        assert.equal((await ada.visit(page.url.href, form)).status, 403);
      }
    });
  });

  describe('a client', () => {
    const registration = async (changes: object): Promise<{ status: number; body: Record<string, unknown> }> => {
      const body = JSON.stringify({ ...metadata, ...changes });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}/oauth/register`, { method: 'POST', headers, body });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const allow = (hosts: readonly string[]) =>
      server.graphql('mutation($hosts: [String!]!) { accountSetOAuthRedirectAllowlist(hosts: $hosts) }', {
        hosts: [...hosts],
      });

    it('may register with loopback redirects, and is public whatever it says', async () => {
      const { status, body } = await registration({ scope: 'openid mcp:read', client_secret: 'mine' });
      assert.equal(status, 201);
      assert.equal(body['token_endpoint_auth_method'], 'none');
      assert.equal(body['client_secret'], undefined);
      assert.equal(body['scope'], undefined);
    });

    for (const uri of [
      'http://assistant.example.com/callback',
      'https://assistant.example.com/callback',
      'https://localhost/callback',
      'https://127.0.0.1:3000/callback',
      'http://10.0.0.1/callback',
      'http://0.0.0.0/callback',
      'http://localhost.example.com/callback',
      'http://user:secret@localhost/callback',
      'http://localhost/callback#fragment',
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'com.example.app:/callback',
      'not a url',
      '',
    ]) {
      it(`may not register the redirect ${JSON.stringify(uri)}`, async () => {
        const { status, body } = await registration({ redirect_uris: [redirectUri, uri] });
        assert.equal(status, 400);
        assert.match(String(body['error']), /^invalid_(redirect_uri|client_metadata)$/);
      });
    }

    it('may not register without a redirect', async () => {
      assert.equal((await registration({ redirect_uris: [] })).status, 400);
      assert.equal((await registration({ redirect_uris: undefined })).status, 400);
    });

    it('may come back to hosts that an administrator has listed, for as long as they are', async () => {
      const redirect_uris = ['https://app.assistant.example.com/callback'];
      read(await allow(['*.assistant.example.com', 'cursor://some.app']));
      const { status, body } = await registration({ redirect_uris });
      assert.equal(status, 201);
      assert.equal((await registration({ redirect_uris: ['cursor://some.app/callback'] })).status, 201);
      assert.equal((await registration({ redirect_uris: ['https://assistant.example.com/cb'] })).status, 400);
      const changes = { client_id: String(body['client_id']), redirect_uri: redirect_uris[0] };
      const { url } = await ask(changes);
      assert.equal((await ada.decide(url, { approve: true })).host, 'app.assistant.example.com');
      read(await allow([]));
      const later = await fetch((await ask(changes)).url, { redirect: 'manual', headers: { accept: 'text/html' } });
      assert.deepEqual([later.status, later.headers.get('location')], [400, null]);
    });

    for (const host of [
      '',
      '*',
      '*.com.',
      'http://a.example',
      'https://a.example',
      'a b',
      'a.example/x',
      'javascript://a',
      '*.*.a.example',
    ]) {
      it(`may not be sent to the host ${JSON.stringify(host)}, which no list takes`, async () => {
        assert.equal(refusal(await allow([host])).code, 'BAD_INPUT');
      });
    }

    for (const [what, id] of [
      ['on this computer', 'https://localhost/client.json'],
      ['at a private address', 'https://10.0.0.1/client.json'],
      ['at the address of cloud metadata', 'https://169.254.169.254/latest/meta-data'],
      ['written as a number', 'https://2130706433/client.json'],
      ['at a mapped address', 'https://[::ffff:127.0.0.1]/client.json'],
      ['without TLS', 'http://assistant.example.com/client.json'],
      ['at a port of its own', 'https://127.0.0.1:8443/client.json'],
    ] as const) {
      it(`may not be described ${what}`, async () => {
        const { url } = await ask({ client_id: id });
        const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'application/json' } });
        assert.equal(answer.status >= 400 && answer.status < 500, true, String(answer.status));
        assert.equal(answer.headers.get('location'), null);
      });
    }
  });

  describe('the sign-in page', () => {
    const attempt = async (username: string, secret: string) => {
      const person = plainPerson(username);
      const page = await person.visit(`${server.url}/sign-in`);
      const form = formOf(page, { username, password: secret, next: '/account' });
      return person.visit(`${server.url}/sign-in`, form);
    };

    it('lets nobody in without the right password, and does not say who exists', async () => {
      const [known, unknown] = [await attempt('ada', 'wrong'), await attempt('nobody', 'wrong')];
      assert.deepEqual([known.status, unknown.status], [401, 401]);
      const told = (text: string): string | undefined => /role="alert">([^<]+)/.exec(text)?.[1];
      assert.equal(told(known.text), 'The name or the password is wrong.');
      assert.equal(told(unknown.text), told(known.text));
      assert.match((await attempt('ADA', password)).text, /You are signed in/);
    });

    it('refuses a NUL character in a field as bad input', async () => {
      for (const [name, secret] of [
        ['a\0da', password],
        ['ada', 'a\0b'],
      ] as const) {
        const page = await attempt(name, secret);
        assert.equal(page.status, 400);
        assert.match(page.text, /(?:username|password): it holds a NUL character/);
      }
    });

    it('makes those wait who try again and again', async () => {
      const outcomes: number[] = [];
      for (let at = 0; at < 11; at += 1) outcomes.push((await attempt('mallory', `guess ${at}`)).status);
      assert.deepEqual(new Set(outcomes.slice(0, 10)), new Set([401]));
      assert.equal(outcomes[10], 429);
    });

    for (const next of [
      'https://elsewhere.example/',
      '//elsewhere.example/',
      '/\\elsewhere.example',
      'javascript:alert(1)',
    ]) {
      it(`leads nobody to ${next}`, async () => {
        const person = plainPerson('ada');
        const page = await person.visit(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
        assert.match(page.text, /name="next" value="\/account"/);
        const form = formOf(page, { username: 'ada', password, next });
        assert.equal((await person.visit(`${server.url}/sign-in`, form)).url.pathname, '/account');
      });
    }

    it('takes no form of another site', async () => {
      const foreign = await fetch(`${server.url}/sign-in`, {
        method: 'POST',
        headers: { origin: 'https://elsewhere.example' },
        body: new URLSearchParams({ username: 'ada', password }),
      });
      assert.equal(foreign.status, 403);
      assert.deepEqual(
        foreign.headers.getSetCookie().filter((line) => line.startsWith('sluice_session')),
        [],
      );
    });

    it('gives a new session at each sign-in, and ends the one before', async () => {
      const cookieOf = async (previous: string): Promise<string> => {
        const page = await fetch(`${server.url}/sign-in`, { headers: { cookie: previous } });
        const given = page.headers
          .getSetCookie()
          .map((line) => line.split(';')[0] ?? '')
          .join('; ');
        const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
        const answer = await fetch(`${server.url}/sign-in`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: server.url, cookie: [previous, given].filter((part) => part !== '').join('; ') },
          body: new URLSearchParams({ csrf, username: 'ada', password }),
        });
        const line = answer.headers.getSetCookie().find((each) => each.startsWith('sluice_session=')) ?? '';
        assert.match(line, /HttpOnly; SameSite=Lax/);
        return line.split(';')[0] ?? '';
      };
      const planted = `sluice_session=${randomBytes(32).toString('base64url')}`;
      const first = await cookieOf(planted);
      assert.notEqual(first, planted);
      const second = await cookieOf(first);
      assert.notEqual(second, first);
      const statusWith = async (cookie: string): Promise<number> =>
        (await fetch(`${server.url}/account`, { redirect: 'manual', headers: { cookie } })).status;
      assert.deepEqual([await statusWith(planted), await statusWith(first), await statusWith(second)], [302, 302, 200]);
    });
  });

  describe('the browser login of the command line', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const pem = `-----BEGIN RSA PUBLIC KEY-----\n${der.replaceAll(/(.{64})/g, '$1\n')}\n-----END RSA PUBLIC KEY-----\n`;
    const login = (key: string, port = '39221'): string =>
      `${server.url}/cli_login?${new URLSearchParams({ key: Buffer.from(key).toString('base64url'), port })}`;

    it('hands over a token that only the client can read, with all rights of the person', async () => {
      const person = plainPerson('ada');
      const asked = await person.visit(login(pem));
      assert.equal(asked.url.pathname, '/sign-in');
      const next = asked.url.searchParams.get('next') ?? '';
      const page = await person.visit(`${server.url}/sign-in`, formOf(asked, { username: 'ada', password, next }));
      assert.match(page.text, /The command line asks for access/);
      const { url } = await person.visit(page.url.href, formOf(page, { decision: 'approve' }));
      assert.equal(url.origin, 'http://localhost:39221');
      const part = (name: string): Buffer => Buffer.from(url.searchParams.get(name) ?? '', 'base64url');
      const secret = privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' },
        part('key'),
      );
      const decipher = createDecipheriv('aes-256-cbc', secret, part('token').subarray(0, 16));
      const jwt = Buffer.concat([decipher.update(part('token').subarray(16)), decipher.final()]).toString();
      const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
      assert.equal(claims.aud, server.url);
      assert.ok((claims.exp ?? 0) > Date.now() / 1000);
      const viewer = await server.graphql('{ viewer { name admin } }', {}, jwt);
      assert.deepEqual(viewer.data, { viewer: { name: 'ada', admin: true } });
      for (const path of ['/mcp', '/intent/mcp']) assert.equal((await call(jwt, path)).status, 200);
    });

    it('gives nothing when it is denied', async () => {
      const page = await ada.visit(login(pem));
      const after = await ada.visit(page.url.href, formOf(page, { decision: 'deny' }));
      assert.deepEqual([after.url.pathname, after.status], ['/auth_failure', 400]);
    });

    const { publicKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const asPem = (bytes: Buffer): string =>
      `-----BEGIN RSA PUBLIC KEY-----\n${bytes.toString('base64')}\n-----END RSA PUBLIC KEY-----`;
    for (const [what, key, port] of [
      ['without a key', '', '39221'],
      ['with a key that is none', asPem(randomBytes(100)), '39221'],
      ['with a short key', asPem(small.export({ type: 'spki', format: 'der' })), '39221'],
      ['with a port that is none', pem, '70000'],
      ['with a port that is a host', pem, '80@elsewhere.example'],
    ] as const) {
      it(`is refused ${what}`, async () => {
        const answer = await fetch(login(key, port), { redirect: 'manual' });
        assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
      });
    }

    it('ends with a page that says so', async () => {
      assert.match(await (await fetch(`${server.url}/auth_success`)).text(), /You are logged in/);
    });
  });

  it('leaves a trail of who came in, who consented to what, and who was refused', async () => {
    await signIn();
    const answer = await server.graphql(
      '{ searchAuditTrailEntries(input: { first: 100 }) { edges { node { action eventType actor { username } } } } }',
    );
    const { searchAuditTrailEntries: found } = read<{
      searchAuditTrailEntries: { edges: { node: { action: string; actor: { username: string } } }[] };
    }>(answer);
    const lines = found.edges.map(({ node }) => `${node.actor.username} ${node.action}`);
    for (const line of ['user::ada oauth.consent', 'user::ada oauth.token', 'user::ada user.sign-in']) {
      assert.ok(lines.includes(line), `${line} in ${[...new Set(lines)].join(', ')}`);
    }
  });

  it('prints no token, code or password', async () => {
    const tokens = await signIn();
    for (const secret of [tokens.access_token, tokens.refresh_token ?? '', password]) {
      assert.equal(server.output().includes(secret), false);
    }
  });
});
