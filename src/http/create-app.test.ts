import assert from 'node:assert/strict';
import { request as send } from 'node:http';

import { serverAudits } from 'graphql-http';

import { createGateway } from '../gateway/index.ts';
import type { Caller } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import { type Logger, silentLogger } from '../shared/logger.ts';
import { aCaller, access, createResolvers, spaceOf, typeDefs } from '../testing/small-api.ts';
import { createApp, listen, type Listening } from './index.ts';

const reader = aCaller(['mcp:read'], { a: ['SPACE_READ'] });
const lines: object[] = [];
const keep = (details: object): void => void lines.push(details);
const log: Logger = { ...silentLogger, info: keep, debug: keep };
const gateway = createGateway({
  typeDefs,
  resolvers: createResolvers({ calls: [] }),
  access,
  spaceOf,
  contextFor: (caller, origin) => ({ caller, origin }),
  log,
});
const health = { ready: true, isolation: 'none' };

function callerOf(token: string): Caller {
  if (token === 'good') return reader;
  throw new AppError('UNAUTHENTICATED', 'unauthorized: the token is wrong or has ended; get a new one');
}

let server: Listening;
let base = '';
const port = 20_000 + (process.pid % 20_000);

before(async () => {
  const app = createApp({
    gateway,
    callerOf,
    mcp: async (endpoint, request, response, caller, origin) => {
      for await (const _chunk of request);
      response.end(JSON.stringify({ endpoint, caller: caller.principal.kind, via: origin.via }));
    },
    health: async () => health,
    publicUrl: `http://localhost:${port}`,
    allowedHosts: ['proxy.example'],
    maxBodyBytes: 2_000,
    log,
  });
  server = await listen(app, '127.0.0.1', port);
  base = `http://localhost:${server.port}`;
});
after(() => server.stop(1_000));
beforeEach(() => {
  lines.length = 0;
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** As it goes over the wire: nothing is added to the headers. */
function raw(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = send(
      { host: '127.0.0.1', port: server.port, method, path, headers: { host: `localhost:${server.port}`, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

const json = { 'content-type': 'application/json' };
const modern = { ...json, accept: 'application/graphql-response+json' };
const signedIn = { authorization: 'Bearer good' };
const query = (document: string, more: object = {}): string => JSON.stringify({ query: document, ...more });

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({
    url: () => `${base}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', 'Bearer good');
      return fetch(url, { ...init, headers });
    },
  });

  it('has 61 audits', () => assert.equal(audits.length, 61));

  for (const audit of audits) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', 'reason' in result ? result.reason : '');
    });
  }

  it('gives the status that belongs to a refusal', async () => {
    for (const [headers, document, status] of [
      [modern, '{ boxes { id } }', 401],
      [{ ...modern, ...signedIn }, 'mutation { boxUpdate(id: "box-a") { id } }', 403],
      [{ ...modern, ...signedIn }, '{ rootOnly }', 403],
      [{ ...modern, ...signedIn }, '{ boxes { idd } }', 400],
      [{ ...modern, ...signedIn }, `{ ${'me { id } '.repeat(21)} }`, 413],
      [{ ...modern, ...signedIn }, '{ fails }', 200],
    ] as const) {
      assert.equal((await raw('POST', '/graphql', headers, query(document))).status, status, document);
    }
  });

  it('tells OAuth clients how to be let in', async () => {
    const stranger = await raw('POST', '/graphql', modern, query('{ boxes { id } }'));
    assert.equal(stranger.headers['www-authenticate'], 'Bearer');
    const bad = await raw('POST', '/graphql', { ...modern, authorization: 'Bearer bad' }, query('{ me { id } }'));
    assert.equal(bad.status, 401);
    assert.equal(bad.headers['www-authenticate'], 'Bearer error="invalid_token"');
    const narrow = await raw(
      'POST',
      '/graphql',
      { ...modern, ...signedIn },
      query('mutation { boxUpdate(id: "x") { id } }'),
    );
    assert.equal(narrow.headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="mcp:write"');
  });

  it('takes no mutation by GET', async () => {
    const reply = await raw('GET', `/graphql?query=${encodeURIComponent('mutation { login(secret: "x") }')}`, modern);
    assert.equal(reply.status, 405);
    assert.equal(reply.headers['allow'], 'POST');
  });

  it('answers existing clients with 200 and messages only, whatever is wrong', async () => {
    for (const headers of [json, { ...modern, 'spacelift-client-type': 'provider' }]) {
      for (const [token, document, message] of [
        ['Bearer bad', '{ boxes { id } }', /^unauthorized: the token/],
        ['Bearer good', '{ boxes { idd } }', /^Cannot query field/],
        ['Bearer good', '{ rootOnly }', /^unauthorized: Query\.rootOnly/],
      ] as const) {
        const reply = await raw('POST', '/graphql', { ...headers, authorization: token }, query(document));
        assert.equal(reply.status, 200);
        const body = JSON.parse(reply.text) as { errors: object[]; data: null };
        assert.deepEqual(Object.keys(body.errors[0] ?? {}), ['message']);
        assert.match(String(Reflect.get(body.errors[0] ?? {}, 'message')), message);
      }
    }
  });

  it('refuses what is no request with 400 and says what to send', async () => {
    for (const [body, message] of [
      ['{"query":', 'body: must be JSON'],
      ['[]', 'body: must be a JSON object with the key query; batches are not served'],
      ['{}', 'query: must be the text of a GraphQL document'],
      ['{"query":"{me{id}}","variables":[]}', 'variables: must be a JSON object'],
      ['{"query":"{me{id}}","operationName":1}', 'operationName: must be a string'],
    ] as const) {
      const reply = await raw('POST', '/graphql', json, body);
      assert.equal(reply.status, 400);
      assert.match(reply.text, new RegExp(message));
    }
    assert.equal((await raw('POST', '/graphql', {}, query('{ me { id } }'))).status, 400);
    assert.equal((await raw('POST', '/graphql', { 'content-type': 'text/plain' }, '{}')).status, 415);
    assert.equal((await raw('POST', '/graphql', { ...json, accept: 'image/png' }, query('{ me { id } }'))).status, 406);
  });

  it('refuses a body that is too long, announced or not', async () => {
    const body = query('{ me { id } }', { variables: { pad: 'x'.repeat(3_000) } });
    for (const headers of [
      { ...json, 'content-length': String(body.length) },
      { ...json, 'transfer-encoding': 'chunked' },
    ]) {
      const reply = await raw('POST', '/graphql', headers, body);
      assert.equal(reply.status, 413);
      assert.match(reply.text, /body: must be at most 2000 bytes/);
      assert.match(reply.text, /LIMIT_EXCEEDED/);
    }
  });
});

describe('the HTTP server', () => {
  it('answers under its own names only, and tells them', async () => {
    for (const host of ['evil.example', 'localhost', `localhost:${port + 1}`, 'localhost.evil.example']) {
      const reply = await raw('GET', '/healthz', { host });
      assert.equal(reply.status, 421, host);
      assert.match(reply.text, new RegExp(`this server is http://localhost:${port}; send requests there`));
    }
    for (const host of [`127.0.0.1:${port}`, `LOCALHOST:${port}`, 'proxy.example']) {
      assert.equal((await raw('GET', '/healthz', { host })).status, 200, host);
    }
  });

  it('answers every error as JSON that says what to do', async () => {
    for (const [method, path, status] of [
      ['GET', '/nowhere', 404],
      ['POST', '/healthz', 405],
      ['DELETE', '/graphql', 405],
      ['GET', '/%', 404],
    ] as const) {
      const reply = await raw(method, path, {});
      assert.equal(reply.status, status, path);
      const body = JSON.parse(reply.text) as { errors: { message: string }[] };
      assert.ok((body.errors[0]?.message.length ?? 0) > 20, reply.text);
      if (status === 405) assert.ok(reply.headers['allow']);
    }
  });

  it('reports its health', async () => {
    assert.deepEqual(JSON.parse((await raw('GET', '/healthz', {})).text), health);
    assert.deepEqual(JSON.parse((await raw('GET', '/readyz', {})).text), { ready: true });
    health.ready = false;
    assert.equal((await raw('GET', '/readyz', {})).status, 503);
    health.ready = true;
  });

  it('counts requests by route and status, never by path', async () => {
    await raw('GET', '/secret-path', {});
    const { text } = await raw('GET', '/metrics', {});
    assert.match(text, /sluice_http_requests_total\{route="other",status="404"\} \d+/);
    assert.doesNotMatch(text, /secret-path/);
  });

  it('sends security headers and a request id with every answer', async () => {
    for (const path of ['/graphql?query={me{id}}', '/healthz', '/nowhere']) {
      const { headers } = await raw('GET', path, {});
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.match(String(headers['x-request-id']), /^\w{26}-\w+$/);
    }
  });

  it('shows the editor to a browser, with a policy that lets only its own scripts run', async () => {
    const { status, text, headers } = await raw('GET', '/graphql', { accept: 'text/html' });
    assert.equal(status, 200);
    assert.match(text, /Bearer <token>/);
    assert.match(String(headers['content-security-policy']), /script-src 'sha256-[^']+' blob:;/);
    assert.doesNotMatch(String(headers['content-security-policy']), /script-src[^;]*unsafe/);
  });

  it('hands both MCP endpoints over with the caller, a bad token as a stranger', async () => {
    const main = await raw('POST', '/mcp', signedIn, '{}');
    assert.deepEqual(JSON.parse(main.text), { endpoint: 'MAIN', caller: 'USER', via: 'MCP' });
    const intent = await raw('POST', '/intent/mcp', { authorization: 'Bearer bad' }, '{}');
    assert.deepEqual(JSON.parse(intent.text), { endpoint: 'INTENT', caller: 'ANONYMOUS', via: 'MCP' });
  });

  it('logs a line for each request, without what may be secret', async () => {
    await raw('POST', '/graphql?token=hush', { ...json, authorization: 'Bearer hush-hush' }, query('{ me { id } }'));
    assert.equal(lines.length, 1);
    assert.doesNotMatch(JSON.stringify(lines), /hush/);
    assert.equal(Reflect.get(lines[0] ?? {}, 'route'), '/graphql');
  });

  it('stops after the requests in flight', async () => {
    const app = createApp({
      gateway,
      callerOf,
      mcp: async (_endpoint, _request, response) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        response.end('done');
      },
      health: async () => health,
      publicUrl: 'http://localhost:1',
      allowedHosts: ['other'],
      maxBodyBytes: 2_000,
      log,
    });
    const other = await listen(app, '127.0.0.1', 0);
    const reply = fetchText(other.port);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await other.stop(5_000);
    assert.equal(await reply, 'done');
  });
});

function fetchText(at: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = send(
      { host: '127.0.0.1', port: at, method: 'POST', path: '/mcp', headers: { host: 'other' } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      },
    );
    call.on('error', reject);
    call.end('{}');
  });
}
