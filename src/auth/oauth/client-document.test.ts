import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

import type { Fetched } from '../../outbound/index.ts';
import { testDomain } from '../../testing/domain.ts';
import { createAuth } from '../index.ts';

const id = 'https://assistant.example.com/client.json';
const redirect = 'http://127.0.0.1:39220/callback';

describe('a client that is described by a document', () => {
  let server: Server;
  let url: string;
  let answer: Partial<Fetched> | Error;
  let fetched: string[];

  before(async () => {
    const domain = await testDomain();
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    url = `http://localhost:${address.port}`;
    const auth = await createAuth({
      context: { ...domain.context, publicUrl: url },
      accessTokenSeconds: 600,
      fetchDocument: (wanted) => {
        fetched.push(wanted);
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve({
          status: 200,
          contentType: 'application/json',
          cacheControl: undefined,
          body: Buffer.from(''),
          ...answer,
        });
      },
    });
    const origin = { via: 'UI', requestId: 'test', remoteAddress: undefined, client: undefined } as const;
    server.on('request', (request, response) => void auth.handle(request, response, origin));
  });
  after(() => server?.close());
  beforeEach(() => {
    fetched = [];
  });

  const describedBy = (document: object): Buffer =>
    Buffer.from(JSON.stringify({ client_name: 'By document', redirect_uris: [redirect], ...document }));

  let asked = 0;
  /** Each with an id of its own: documents are kept for a while. */
  async function ask(document: Readonly<Record<string, unknown>> | Error) {
    const clientId = `${id}?${++asked}`;
    if (document instanceof Error || 'status' in document) answer = document;
    else answer = { body: describedBy({ client_id: clientId, ...document }) };
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirect,
      response_type: 'code',
      resource: `${url}/mcp`,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    return fetch(`${url}/oauth/authorize?${query}`, { redirect: 'manual', headers: { accept: 'application/json' } });
  }

  it('comes to the consent page without having registered', async () => {
    const response = await ask({ token_endpoint_auth_method: 'none', scope: 'openid whatever' });
    assert.equal(response.status, 303);
    assert.match(response.headers.get('location') ?? '', /\/oauth\/consent\//);
    assert.equal(fetched.length, 1);
  });

  const wrong: [string, Readonly<Record<string, unknown>> | Error][] = [
    ['names another id', { client_id: 'https://assistant.example.com/other.json' }],
    ['names no id', { client_id: undefined }],
    ['holds a secret', { client_secret: 'shared' }],
    ['wants to prove itself by a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['leads elsewhere', { redirect_uris: ['https://elsewhere.example/callback'] }],
    ['does not name the redirect that was asked for', { redirect_uris: ['http://127.0.0.1:39220/other'] }],
    ['is no object', { status: 200, body: Buffer.from('[]') }],
    ['is no JSON', { status: 200, body: Buffer.from('<html>') }],
    ['is moved', { status: 302 }],
    ['is missing', { status: 404 }],
    ['is too long', { status: 200, body: Buffer.alloc(6_000, ' ') }],
    ['cannot be fetched', new Error('refused')],
  ];
  for (const [what, document] of wrong) {
    it(`is refused when the document ${what}`, async () => {
      const response = await ask(document);
      assert.ok(response.status === 400 || response.status === 401, String(response.status));
      assert.equal(response.headers.get('location'), null);
      assert.ok(fetched.length > 0);
    });
  }

  it('cannot make the server fetch without end', async () => {
    const statuses = new Set<number>();
    for (let at = 0; at < 70; at += 1) statuses.add((await ask({ status: 404 })).status);
    const before = fetched.length;
    await ask({ status: 404 });
    assert.equal(fetched.length, before);
    assert.ok(before <= 60, String(before));
  });
});
