import assert from 'node:assert/strict';

import * as oauth from 'oauth4webapi';

import { formOf, invitationIn, password, plainPerson, type Visit } from '../testing/person.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

interface Answer {
  readonly status: number;
  readonly body: Record<string, string>;
}

interface Asked {
  readonly device: string;
  readonly user: string;
}

describe('the device flow', function () {
  let server: TestServer;
  let ada: ReturnType<typeof plainPerson>;

  before(async () => {
    server = await startTestServer();
    ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
  });
  after(() => server?.stop());

  async function send(path: string, fields: Record<string, string>): Promise<Answer> {
    const answer = await fetch(server.url + path, { method: 'POST', body: new URLSearchParams(fields) });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  }
  const begin = (fields: Record<string, string> = {}): Promise<Answer> =>
    send('/oauth/device_authorization', { client_id: 'sluice-cli', resource: server.url, ...fields });
  async function ask(fields: Record<string, string> = {}): Promise<Asked> {
    const { status, body } = await begin(fields);
    assert.equal(status, 200, JSON.stringify(body));
    return { device: body['device_code'] ?? '', user: body['user_code'] ?? '' };
  }
  const redeem = (device: string, clientId = 'sluice-cli'): Promise<Answer> =>
    send('/oauth/token', { client_id: clientId, grant_type: grantType, device_code: device });
  async function enter(user: string, person = ada): Promise<Visit> {
    const page = await person.visit(`${server.url}/device`);
    return person.visit(`${server.url}/device`, formOf(page, { user_code: user }));
  }
  async function decide(page: Visit, user: string, decision: string, scopes: readonly string[]): Promise<Visit> {
    const form = formOf(page, { user_code: user, decision });
    for (const scope of scopes) form.append('scope', scope);
    return ada.visit(`${server.url}/device`, form);
  }
  const approve = async (user: string, scopes = ['mcp:read', 'mcp:write']): Promise<Visit> =>
    decide(await enter(user), user, 'approve', scopes);
  async function tokenFor(fields: Record<string, string> = {}, scopes?: string[]): Promise<Record<string, string>> {
    const { device, user } = await ask(fields);
    await approve(user, scopes);
    const { status, body } = await redeem(device);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  it('is in the metadata, and says where to go and how often to ask', async () => {
    const metadata = (await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      string
    >;
    assert.equal(metadata['device_authorization_endpoint'], `${server.url}/oauth/device_authorization`);
    assert.ok(metadata['grant_types_supported']?.includes(grantType));
    const { body } = await begin();
    assert.equal(body['verification_uri'], `${server.url}/device`);
    assert.match(body['user_code'] ?? '', /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.deepEqual([body['expires_in'], body['interval']], [600, 3]);
  });

  it('waits for the person, and then gives what they have chosen', async () => {
    const { device, user } = await ask();
    assert.equal((await redeem(device)).body['error'], 'authorization_pending');
    const page = await enter(user);
    assert.ok(page.text.includes(user) && page.text.includes(server.url) && page.text.includes('127.0.0.1'), page.text);
    assert.match((await decide(page, user, 'approve', ['mcp:read'])).text, /The device is logged in/);
    const { body } = await redeem(device);
    assert.equal(body['scope'], 'mcp:read');
    const token = body['access_token'] ?? '';
    assert.deepEqual(read(await server.graphql('{ viewer { name } }', {}, token)), { viewer: { name: 'ada' } });
    const change = await server.graphql('mutation { intentProjectCreate(name: "no") { id } }', {}, token);
    assert.equal(refusal(change).code, 'INSUFFICIENT_SCOPE');
    const headers = { authorization: `Bearer ${token}` };
    assert.notEqual((await fetch(`${server.url}/mcp`, { method: 'POST', headers })).status, 401);
  });

  it('suits a strict client', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true }; // the server under test is on loopback, without TLS
    const issuer = new URL(server.url);
    const request = { ...insecure, algorithm: 'oauth2' } as const;
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, request));
    const client = { client_id: 'sluice-cli' };
    const parameters = new URLSearchParams({ scope: 'mcp:read', resource: `${server.url}/mcp` });
    const asked = await oauth.processDeviceAuthorizationResponse(
      as,
      client,
      await oauth.deviceAuthorizationRequest(as, client, oauth.None(), parameters, insecure),
    );
    const redeemStrictly = async () =>
      oauth.processDeviceCodeResponse(
        as,
        client,
        await oauth.deviceCodeGrantRequest(as, client, oauth.None(), asked.device_code, insecure),
      );
    await assert.rejects(redeemStrictly(), (error: { error?: string }) => error.error === 'authorization_pending');
    await approve(asked.user_code, ['mcp:read']);
    const tokens = await redeemStrictly();
    assert.deepEqual([tokens.token_type, tokens.scope], ['bearer', 'mcp:read']);
    assert.equal(typeof tokens.refresh_token, 'string');
  });

  it('keeps a token for one MCP endpoint to that', async () => {
    const { access_token: token = '' } = await tokenFor({ resource: `${server.url}/mcp` });
    const answer = await server.graphql('{ viewer { name } }', {}, token);
    assert.match(refusal(answer).message, /the token is for http:\/\/localhost:\d+\/mcp and is good nowhere else/);
  });

  it('gives nothing when it is denied, or all boxes are cleared', async () => {
    for (const [decision, scopes] of [
      ['deny', ['mcp:read']],
      ['approve', []],
    ] as const) {
      const { device, user } = await ask();
      assert.match((await decide(await enter(user), user, decision, scopes)).text, /The device gets no access/);
      assert.equal((await redeem(device)).body['error'], 'access_denied');
    }
  });

  it('redeems a code once, and ends everything when it is tried again', async () => {
    const { device, user } = await ask();
    await approve(user);
    const { body } = await redeem(device);
    assert.equal((await redeem(device)).body['error'], 'invalid_grant');
    assert.equal((await server.graphql('{ viewer { name } }', {}, body['access_token'])).status, 401);
  });

  it('takes a decision once', async () => {
    const { user } = await ask();
    const page = await enter(user);
    await decide(page, user, 'approve', ['mcp:read']);
    assert.match((await decide(page, user, 'approve', ['mcp:read'])).text, /not one that waits for a decision/);
  });

  it('gives codes to their own client only, and made up ones to nobody', async () => {
    const { device, user } = await ask();
    await approve(user);
    const redirect = {
      client_name: 'Other',
      redirect_uris: ['http://localhost/cb'],
      grant_types: [grantType, 'authorization_code'],
    };
    const registered = await fetch(`${server.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(redirect),
    });
    const { client_id: other } = (await registered.json()) as { client_id: string };
    assert.equal((await redeem(device, other)).body['error'], 'invalid_grant');
    assert.equal((await redeem('made-up')).body['error'], 'invalid_grant');
    assert.equal((await redeem(device)).status, 200);
  });

  it('gives a token for the whole server to our own command line only', async () => {
    const registered = await fetch(`${server.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'Other', redirect_uris: [], response_types: [], grant_types: [grantType] }),
    });
    const { client_id: other = '' } = (await registered.json()) as { client_id?: string };
    assert.equal((await begin({ client_id: other })).body['error'], 'invalid_target');
    const { user } = await ask({ client_id: other, resource: `${server.url}/mcp` });
    assert.match((await enter(user)).text, /That is the name it gives itself/);
    assert.doesNotMatch((await enter((await ask()).user)).text, /That is the name it gives itself/);
    assert.equal((await begin({ resource: 'https://elsewhere.example' })).body['error'], 'invalid_target');
  });

  it('asks strangers to sign in first, with the code kept', async () => {
    const { user } = await ask();
    const stranger = plainPerson('grace');
    const page = await stranger.visit(`${server.url}/device?user_code=${user}`);
    assert.equal(page.url.pathname, '/sign-in');
    assert.equal(page.url.searchParams.get('next'), `/device?user_code=${user}`);
    const mine = await ada.visit(`${server.url}/device?user_code=${user}`);
    assert.ok(mine.text.includes(`value="${user}"`), 'filled in, and not sent by itself');
  });

  it('takes no form of another page', async () => {
    const { user } = await ask();
    const form = new URLSearchParams({ csrf: 'made up', user_code: user, decision: 'approve', scope: 'mcp:read' });
    assert.equal((await ada.visit(`${server.url}/device`, form)).status, 403);
  });

  it('shows pages that run nothing', async () => {
    const answer = await fetch(`${server.url}/device`, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    const { text } = await ada.visit(`${server.url}/device`);
    assert.equal(/<script|javascript:|onclick/i.test(text), false);
  });

  it('leaves a trail of who let what in', async () => {
    const { user } = await ask();
    await approve(user, ['mcp:read']);
    const trail = read<{ searchAuditTrailEntries: { edges: { node: { action: string } }[] } }>(
      await server.graphql('{ searchAuditTrailEntries(input: { first: 20 }) { edges { node { action } } } }'),
    );
    const actions = trail.searchAuditTrailEntries.edges.map(({ node }) => node.action);
    assert.ok(actions.includes('oauth.consent') && actions.includes('oauth.token'), actions.join());
  });

  // The last one: it makes ada wait. A wrong one before it counts too.
  it('makes those wait who guess codes', async () => {
    const answers: number[] = [];
    for (let count = 0; count < 10; count += 1) answers.push((await enter('BBBB-BBBB')).status);
    assert.deepEqual(answers, [...Array<number>(9).fill(404), 429]);
    const { user } = await ask();
    assert.match((await enter(user)).text, /Too many wrong codes/);
  });
});
