import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import * as oauth from 'oauth4webapi';

import { createSignIn } from '../domain/people/index.ts';
import { hashPassword } from '../domain/people/passwords.ts';
import { insertUser } from '../storage/people.ts';
import { campaign } from '../testing/campaign.ts';
import { testDomain } from '../testing/domain.ts';
import { formOf, invitationIn, password, plainPerson } from '../testing/person.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, sharedServer } from '../testing/shared-server.ts';
import { aUser } from '../testing/storage-rows.ts';

const redirectUri = 'http://127.0.0.1:39231/callback';

describe('attacks on the way in', () => {
  let server: TestServer;
  let ada: ReturnType<typeof plainPerson>;
  let reader: string;
  let clientId: string;

  before(async () => {
    server = await sharedServer();
    ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
    reader = (await aKey(server, { 'space-reader': 'root' })).token;
    const answer = await post(
      '/oauth/register',
      JSON.stringify({ client_name: 'Victim', redirect_uris: [redirectUri] }),
      {
        'content-type': 'application/json',
      },
    );
    clientId = (JSON.parse(answer.text) as { client_id: string }).client_id;
  });

  interface Reply {
    readonly status: number;
    readonly text: string;
    readonly challenge: string;
    readonly location: string | undefined;
  }

  /** node:http, because fetch does not send what an attacker would. Headers in a list may come twice. */
  function send(
    method: string,
    path: string,
    body: string,
    headers: Record<string, string | string[]>,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(server.url + path, { method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const { 'www-authenticate': challenge = '', location } = response.headers;
          resolve({ status: response.statusCode ?? 0, text, challenge, location });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
  const post = (path: string, body: string, headers: Record<string, string | string[]>) =>
    send('POST', path, body, headers);
  const graphql = (headers: Record<string, string | string[]>, query = '{ viewer { name } }', search = '') =>
    post(`/graphql${search}`, JSON.stringify({ query }), {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headers,
    });
  const mcp = (headers: Record<string, string | string[]>, path = '/mcp') =>
    post(path, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }), {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    });

  describe('by saying who one is in a header', () => {
    const names = [
      'X-User',
      'X-Username',
      'X-User-Id',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X-Forwarded-Preferred-Username',
      'X-Forwarded-Groups',
      'X-Remote-User',
      'Remote-User',
      'Remote-Groups',
      'X-Auth-Request-User',
      'X-Auth-Request-Email',
      'X-Auth-User',
      'X-WebAuth-User',
      'X-Authenticated-User',
      'X-Original-User',
      'Cf-Access-Authenticated-User-Email',
      'X-Amzn-Oidc-Identity',
      'X-Goog-Authenticated-User-Email',
      'X-Ms-Client-Principal-Name',
      'X-Client-Cert',
      'X-Ssl-Client-S-Dn',
      'X-Api-Key',
      'X-Access-Token',
      'Proxy-Authorization',
      'X-Authorization',
      'X_Forwarded_User',
      'Spacelift-User',
    ];
    for (const name of names) {
      it(`${name} makes nobody of a stranger, and nobody else of a caller`, async () => {
        const stranger = await graphql({ [name]: 'ada' });
        assert.deepEqual([stranger.status, stranger.text], [200, '{"data":{"viewer":null}}']);
        assert.equal((await mcp({ [name]: 'ada' })).status, 401);
        const known = await graphql({ [name]: 'ada', authorization: `Bearer ${reader}` }, '{ viewer { name admin } }');
        assert.equal(known.text, '{"data":{"viewer":{"name":"test key","admin":false}}}');
      });
    }
  });

  describe('by a token in the wrong place or form', () => {
    const places: [string, () => Promise<Reply>][] = [
      ['the query', () => graphql({}, '{ spaces { id } }', `?access_token=${reader}`)],
      [
        'a cookie',
        () =>
          graphql({ cookie: `token=${reader}; access_token=${reader}; Authorization=${reader}` }, '{ spaces { id } }'),
      ],
      ['another header', () => graphql({ 'x-authorization': `Bearer ${reader}` }, '{ spaces { id } }')],
      [
        'the body',
        () =>
          post('/graphql', `access_token=${reader}&query={spaces{id}}`, {
            'content-type': 'application/x-www-form-urlencoded',
            accept: 'application/graphql-response+json',
          }),
      ],
      ['the cookie of a browser session', () => graphql({ cookie: `sluice_session=${reader}` }, '{ spaces { id } }')],
    ];
    for (const [what, attempt] of places) {
      it(`${what} lets nobody in`, async () => {
        const { status, text } = await attempt();
        assert.ok(status === 401 || status === 415, `${status} ${text}`);
        assert.doesNotMatch(text, /"root"/);
      });
    }

    const forms: [string, (token: string) => string | string[]][] = [
      ['as a password', (token) => `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`],
      ['of another scheme', (token) => `Token ${token}`],
      ['bound to a key that is not shown', (token) => `DPoP ${token}`],
      ['without a scheme', (token) => token],
      ['with something behind it', (token) => `Bearer ${token}, Bearer ${token}`],
      ['with parameters', (token) => `Bearer token="${token}"`],
      ['in quotes', (token) => `Bearer "${token}"`],
      ['cut in two', (token) => `Bearer ${token.slice(0, 20)} ${token.slice(20)}`],
      ['encoded once more', (token) => `Bearer ${Buffer.from(token).toString('base64url')}`],
      ['that is empty', () => 'Bearer '],
      ['that is very long', () => `Bearer ${'a'.repeat(9_000)}`],
      ['of a code forge', () => `Bearer ghp_${randomBytes(18).toString('hex')}`],
      ['of a cloud', () => `Bearer ya29.${randomBytes(60).toString('base64url')}`],
      ['of another kind here', () => `Bearer slp_${randomBytes(32).toString('base64url')}`],
      ['that is undefined', () => 'Bearer undefined'],
      ['that is null', () => 'Bearer null'],
    ];
    for (const [what, form] of forms) {
      it(`one ${what} is refused at each door with a challenge`, async () => {
        const authorization = form(reader);
        const answers = [
          await graphql({ authorization }, '{ viewer { name } }'),
          await mcp({ authorization }),
          await mcp({ authorization }, '/intent/mcp'),
        ];
        for (const { status, challenge } of answers) {
          assert.equal(status, 401);
          assert.match(challenge, /^Bearer\b.*error="invalid_token"/);
        }
        for (const { challenge } of answers.slice(1)) assert.match(challenge, /resource_metadata="http/);
      });
    }

    it('one beside another is no choice', async () => {
      const { status } = await graphql({ authorization: [`Bearer ${reader}`, 'Bearer other'] }, '{ spaces { id } }');
      assert.ok(status === 200 || status === 400 || status === 401); // Node hands on the first one alone
      const turned = await graphql({ authorization: ['Bearer other', `Bearer ${reader}`] }, '{ spaces { id } }');
      assert.notEqual(turned.status, 200);
    });
  });

  describe('by a form of another page', () => {
    const origins: [string, Record<string, string>][] = [
      ['without an origin', {}],
      ['from a sandbox', { origin: 'null' }],
      ['from elsewhere', { origin: 'https://elsewhere.example' }],
      ['from another port', { origin: 'http://localhost:1' }],
      ['from a name that begins alike', { origin: 'OWN.elsewhere.example' }],
      ['from a name below', { origin: 'http://sub.localhost' }],
    ];
    for (const path of [
      '/sign-in',
      '/sign-out',
      '/account/password',
      '/account/sessions',
      '/cli_login',
      '/invitation/x',
      '/oauth/consent/x',
    ]) {
      for (const [what, headers] of origins) {
        it(`${path} takes none ${what}`, async () => {
          const page = await ada.visit(`${server.url}/account`);
          const fields = formOf(page, {
            username: 'ada',
            password,
            decision: 'approve',
            scope: 'mcp:write',
            all: 'yes',
          });
          const answer = await post(path, fields.toString(), {
            'content-type': 'application/x-www-form-urlencoded',
            ...Object.fromEntries(
              Object.entries(headers).map(([name, value]) => [name, value.replace('OWN', server.url)]),
            ),
          });
          assert.ok(
            [400, 403, 404].includes(answer.status) || (answer.location ?? '').startsWith('/sign-in'),
            `${answer.status} ${answer.location}`,
          );
          assert.doesNotMatch(answer.location ?? '', /code=|token=|auth_success/);
        });
      }
    }

    it('is not sent along by browsers: cookies are Lax, hidden from scripts, and bound to this host over https', async () => {
      const answer = await fetch(`${server.url}/sign-in`);
      for (const line of answer.headers.getSetCookie()) assert.match(line, /; HttpOnly; SameSite=Lax/);
    });
  });

  describe('at the token endpoint', () => {
    const grants = [
      'password',
      'client_credentials',
      'implicit',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:openid:params:grant-type:ciba',
      '',
    ];
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const grant of grants) {
      it(`the grant "${grant}" is not served`, async () => {
        const body = new URLSearchParams({
          client_id: clientId,
          grant_type: grant,
          username: 'ada',
          password,
          scope: 'mcp:write',
          resource: `${server.url}/mcp`,
        });
        const { status, text } = await post('/oauth/token', body.toString(), form);
        assert.equal(status, 400);
        assert.match(text, /"error":"(?:unsupported_grant_type|unauthorized_client|invalid_request)"/);
      });
    }
    const requests: [string, () => Promise<Reply>][] = [
      [
        'by GET',
        () => send('GET', `/oauth/token?grant_type=refresh_token&refresh_token=x&client_id=${clientId}`, '', {}),
      ],
      [
        'as JSON',
        () =>
          post('/oauth/token', JSON.stringify({ grant_type: 'refresh_token', client_id: clientId }), {
            'content-type': 'application/json',
          }),
      ],
      [
        'with a field twice',
        () =>
          post('/oauth/token', `grant_type=refresh_token&grant_type=authorization_code&client_id=${clientId}`, form),
      ],
      [
        'with a secret',
        () =>
          post('/oauth/token', 'grant_type=refresh_token&refresh_token=x', {
            ...form,
            authorization: `Basic ${Buffer.from(`${clientId}:secret`).toString('base64')}`,
          }),
      ],
      [
        'with a statement of somebody else',
        () =>
          post(
            '/oauth/token',
            `grant_type=refresh_token&refresh_token=x&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=a.b.c`,
            form,
          ),
      ],
      ['without a client', () => post('/oauth/token', 'grant_type=refresh_token&refresh_token=x', form)],
    ];
    for (const [what, attempt] of requests) {
      it(`a request ${what} gets nothing`, async () => {
        const { status, text } = await attempt();
        assert.ok(status >= 400 && status < 500, `${status} ${text}`);
        assert.doesNotMatch(text, /access_token/);
      });
    }
    for (const path of [
      '/oauth/introspect',
      '/oauth/userinfo',
      '/oauth/par',
      '/oauth/device',
      '/oauth/backchannel',
      '/oauth/end',
      '/oauth/challenge',
      '/oauth/token/introspection',
      '/session/end',
      '/me',
    ]) {
      it(`there is no ${path}`, async () => {
        const { status } = await post(path, `token=${reader}&client_id=${clientId}`, form);
        assert.ok(status === 404 || status === 405, String(status));
      });
    }
  });

  describe('at the authorization endpoint', () => {
    const urlOf = async (changes: Readonly<Record<string, string | readonly string[]>>): Promise<URL> => {
      const url = new URL(`${server.url}/oauth/authorize`);
      const fields = {
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'mcp:read',
        resource: `${server.url}/mcp`,
        state: 'state',
        code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()),
        code_challenge_method: 'S256',
        ...changes,
      };
      for (const [name, value] of Object.entries(fields)) {
        for (const each of [value].flat()) url.searchParams.append(name, each);
      }
      return url;
    };
    const refusals: [string, Readonly<Record<string, string | readonly string[]>>][] = [
      ['two resources', { resource: ['RESOURCE', 'RESOURCE2'] }],
      ['a client twice', { client_id: ['CLIENT', 'other'] }],
      ['a redirect twice', { redirect_uri: [redirectUri, 'https://elsewhere.example/'] }],
      ['an answer in the fragment', { response_mode: 'fragment' }],
      ['an answer by a form', { response_mode: 'form_post' }],
      ['an answer to another window', { response_mode: 'web_message' }],
      ['a request to be fetched', { request_uri: 'https://169.254.169.254/latest' }],
      ['a registration brought along', { registration: '{"redirect_uris":["https://elsewhere.example/"]}' }],
      ['no client', { client_id: '' }],
      ['an unknown client', { client_id: 'nobody' }],
      ['a short challenge', { code_challenge: 'short' }],
      ['a challenge of odd characters', { code_challenge: '!'.repeat(43) }],
      ['another method of challenge', { code_challenge_method: 'S512' }],
      ['a hybrid answer', { response_type: 'code token' }],
      ['no answer', { response_type: 'none' }],
      ['a scope that there is none of', { scope: 'admin' }],
      ['a scope for everything', { scope: '*' }],
    ];
    for (const [what, changes] of refusals) {
      it(`a request with ${what} gives no code, even to a person who would approve`, async () => {
        const own = [
          ['RESOURCE2', `${server.url}/intent/mcp`],
          ['RESOURCE', `${server.url}/mcp`],
          ['CLIENT', clientId],
        ] as const;
        const text = own.reduce((filled, [name, value]) => filled.replaceAll(name, value), JSON.stringify(changes));
        const { href } = await ada.decide(await urlOf(JSON.parse(text) as typeof changes), { approve: true });
        assert.doesNotMatch(href, /[?&#]code=|\/\/elsewhere/, href);
      });
    }
    it('one as it should be gives a code', async () => {
      assert.match((await ada.decide(await urlOf({}), { approve: true })).href, /[?&]code=/);
    });

    // The port of a loopback address may be any (RFC 8252), so it is left alone.
    const port = /:\d+/.exec(redirectUri);
    const letters = 'abcxyzABC019./:@%#?&= \\-_~';
    const redirects = campaign('redirects', { short: 20, tenth: 100, full: 1_000 });
    it(`a redirect that differs in one character leads nowhere: ${redirects.count} redirects`, async () => {
      await redirects.run(async (random) => {
        const fixed = [...Array(redirectUri.length).keys()].filter(
          (at) => at < (port?.index ?? 0) || at >= (port?.index ?? 0) + (port?.[0].length ?? 0),
        );
        const at = random.pick(fixed);
        const other = random.pick(letters.split(''));
        const altered = random.pick([
          redirectUri.slice(0, at) + other + redirectUri.slice(at + 1),
          redirectUri.slice(0, at) + redirectUri.slice(at + 1),
          redirectUri.slice(0, at) + other + redirectUri.slice(at),
          redirectUri + other,
        ]);
        if (altered === redirectUri || /^http:\/\/127\.0\.0\.1:\d+\/callback$/.test(altered)) return;
        const { pathname, search } = await urlOf({ redirect_uri: altered });
        const { status, location } = await send('GET', pathname + search, '', { accept: 'text/html' });
        assert.deepEqual([status, location], [400, undefined], altered);
      });
    });
  });

  describe('by a link', () => {
    const nexts = [
      '//elsewhere.example',
      '/\\elsewhere.example',
      '\\\\elsewhere.example',
      '/\t/elsewhere.example',
      '/%09/elsewhere.example',
      'https:elsewhere.example',
      'HTTPS://elsewhere.example',
      '/\r\nSet-Cookie: a=b',
      '/%0d%0aSet-Cookie:a=b',
      'javascript:alert(1)',
      'data:text/html,x',
      '.elsewhere.example',
      '@elsewhere.example',
      '/​/elsewhere.example',
      '',
    ];
    for (const next of nexts) {
      it(`signing in leads nobody to ${JSON.stringify(next)}`, async () => {
        const person = plainPerson('ada');
        const page = await person.visit(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
        const after = await person.visit(`${server.url}/sign-in`, formOf(page, { username: 'ada', password, next }));
        assert.equal(after.url.origin, server.url);
      });
    }
    for (const port of ['0', '-1', '65536', '80@elsewhere.example', 'elsewhere.example', '80/../..', '80#', '']) {
      it(`the login of the command line leads to no port ${JSON.stringify(port)}`, async () => {
        const answer = await send('GET', `/cli_login?key=a&port=${encodeURIComponent(port)}`, '', {});
        assert.deepEqual([answer.status, answer.location], [400, undefined]);
      });
    }
  });

  describe('by asking who there is', () => {
    it('gets one answer for names that exist and names that do not, after the same work', async () => {
      const { context, admin, clock } = await testDomain();
      const passwordHash = await hashPassword(password);
      await context.storage.transaction(async (db) => {
        await insertUser(db, { ...aUser('known', clock.now()), passwordHash });
        await insertUser(db, { ...aUser('disabled', clock.now()), passwordHash, disabled: true });
        await insertUser(db, aUser('invited', clock.now()));
      });
      const signIn = createSignIn(context);
      await attempt('warm-up'); // the hash of nobody is made at first use
      async function attempt(username: string): Promise<{ message: string; hashes: number }> {
        let hashes = 0;
        // Hashing happens outside of JavaScript's own thread: Node tells of each piece of work that is handed there.
        const hook = createHook({ init: (_id, type) => void (hashes += /argon2/i.test(type) ? 1 : 0) }).enable();
        try {
          await signIn(admin, { username, password: 'a wrong pass phrase' }, undefined);
          return assert.fail('somebody came in');
        } catch (error) {
          return { message: error instanceof Error ? error.message : '', hashes };
        } finally {
          hook.disable();
        }
      }
      const expected = { message: 'The name or the password is wrong.', hashes: 1 };
      for (const name of ['known', 'unknown', 'disabled', 'invited', '', 'a'.repeat(5_000)]) {
        assert.deepEqual(await attempt(name), expected, name.slice(0, 20));
      }
    });

    it('gets one answer for keys that exist and keys that do not', async () => {
      const { id } = await aKey(server, {});
      const exchange = async (key: string): Promise<string> =>
        (await graphql({}, `mutation { apiKeyUser(id: "${key}", secret: "wrong") { jwt } }`)).text;
      assert.equal(await exchange(id), await exchange('01ARZ3NDEKTSV4RRFFQ69G5FAV'));
    });
  });
});
