import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';

import type { Json } from '../shared/json.ts';
import { mcpClients } from '../testing/mcp-clients.ts';
import { generatedChecks, generatedTools, startMcpServer, type McpTestServer } from '../testing/mcp-server.ts';

interface RawAnswer {
  readonly status: number;
  readonly challenge: string;
  readonly text: string;
}

describe('MCP over HTTP', () => {
  let server: McpTestServer;
  before(async () => {
    server = await startMcpServer(() => ({ data: { viewer: null } }));
  });
  after(() => server.stop());

  // node:http, not fetch: fetch does not let a test choose the Host header.
  function send(
    body: Json | string,
    headers: Record<string, string> = {},
    method = 'POST',
    path = '/mcp',
  ): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(server.url + path, {
        method,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-11-25',
          authorization: 'Bearer write',
          ...headers,
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, challenge: response.headers['www-authenticate'] ?? '', text });
        });
      });
      request.end(method === 'POST' ? (typeof body === 'string' ? body : JSON.stringify(body)) : undefined);
    });
  }
  const callOf = (name: string, id = 1) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: {} },
  });
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

  it('answers GET and DELETE with 405: there are no sessions', async () => {
    assert.equal((await send('', {}, 'GET')).status, 405);
    assert.equal((await send('', {}, 'DELETE')).status, 405);
  });

  it('challenges a stranger, and says more to one whose token has ended', async () => {
    const stranger = await send(list, { authorization: 'Bearer ended' });
    assert.equal(stranger.status, 401);
    assert.match(
      stranger.challenge,
      /^Bearer realm="sluice", error="invalid_token", error_description="unauthorized: the token is wrong or has ended/,
    );
    assert.match(stranger.text, /get a new one/);
    const silent = await fetch(`${server.url}/mcp`, { method: 'POST', body: JSON.stringify(list) });
    assert.equal(silent.status, 401);
    assert.equal(silent.headers.get('www-authenticate'), 'Bearer realm="sluice", scope="mcp:read mcp:write"');
  });

  it("refuses a tool outside the token's scopes by HTTP, before anything runs", async () => {
    const before = server.requests.length;
    const refused = await send(callOf('mutate'), { authorization: 'Bearer read' });
    assert.equal(refused.status, 403);
    assert.match(refused.challenge, /error="insufficient_scope", scope="mcp:write"/);
    const inBatch = await send([callOf('query', 1), callOf('intent', 2)], { authorization: 'Bearer read' });
    assert.equal(inBatch.status, 403);
    assert.equal(server.requests.length, before);
  });

  it('answers under no name but its own, however it is spelled', async () => {
    for (const host of foreignHosts(new URL(server.url).port)) {
      assert.equal((await send(list, { host })).status, 421, host);
    }
  });

  it('refuses requests of pages elsewhere, however the origin is spelled', async () => {
    for (const host of foreignHosts(new URL(server.url).port)) {
      for (const scheme of ['http', 'https']) {
        assert.equal((await send(list, { origin: `${scheme}://${host}` })).status, 403, `${scheme}://${host}`);
      }
    }
  });

  it('refuses origins that are no web address, and takes its own', async () => {
    for (const origin of ['null', 'file://', 'http://', 'localhost', 'chrome-extension://abc']) {
      assert.equal((await send(list, { origin })).status, 403, origin);
    }
    assert.equal((await send(list, { origin: server.url })).status, 200);
  });

  it('refuses a packed body with 415, and takes one that is said to be as it is', async () => {
    const refused = await send(list, { 'content-encoding': 'gzip' });
    assert.equal(refused.status, 415);
    assert.match(refused.text, /Content-Encoding: bodies are read as they are/);
    assert.equal((await send(list, { 'content-encoding': 'identity' })).status, 200);
  });

  it('says what is wrong with a body', async () => {
    const broken = await send('{"jsonrpc":');
    assert.equal(broken.status, 400);
    assert.match(broken.text, /-32700.*not JSON/);
    const huge = await send(JSON.stringify({ ...list, params: { x: 'y'.repeat(200_000) } }));
    assert.equal(huge.status, 413);
    assert.match(huge.text, /longer than 100000 bytes/);
    const deep = await send(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    );
    assert.equal(deep.status, 400);
    assert.match(deep.text, /-32600.*nested in more than 120 levels/);
  });

  it('names a tool in ?tools= that there is none of', async () => {
    const refused = await send(list, {}, 'POST', '/mcp?tools=querry');
    assert.equal(refused.status, 400);
    assert.match(refused.text, /tools: no such tool \\"querry\\" - did you mean \\"query\\"\?/);
  });

  it('keeps what belongs to one caller from another under equal request ids', async () => {
    const own = await startMcpServer(async ({ caller }) => {
      await new Promise((done) => setTimeout(done, Math.random() * 5));
      return { data: { secret: `secret of ${caller.principal.name}` } };
    });
    const names = Array.from({ length: 10 }, (_, at) => `user${at}`);
    for (const { connect } of mcpClients) {
      await Promise.all(
        names.map(async (name) => {
          const session = await connect({ url: `${own.url}/mcp`, headers: { authorization: `Bearer write:${name}` } });
          for (let at = 0; at < 5; at++) {
            const reply = await session.call('query', { document: '{ secret }' });
            assert.deepEqual(reply.structured, { secret: `secret of ${name}` });
          }
          await session.close();
        }),
      );
    }
    await own.stop();
  });

  it('tells 2026 clients that listen when the tools change', async () => {
    const modern = mcpClients.find(({ era }) => era === '2026');
    assert.ok(modern);
    const headers = { authorization: 'Bearer write' };
    let session: Awaited<ReturnType<typeof modern.connect>> | undefined;
    await new Promise<void>((done, fail) => {
      modern
        .connect({ url: `${server.url}/mcp`, headers, onToolsChanged: done })
        .then((opened) => {
          session = opened;
          server.mcp.replaceTools(
            generatedTools.filter(({ name }) => name !== 'query'),
            generatedChecks,
          );
        })
        .catch(fail);
    });
    assert.ok(session);
    assert.ok(!(await session.listTools()).some(({ name }) => name === 'query'));
    server.mcp.replaceTools(generatedTools, generatedChecks);
    await session.close();
  });
});

/** Names that resolve to this machine, look like its own, or are its own with another port. */
function foreignHosts(port: string): string[] {
  const names = [
    'evil.example',
    'localhost.evil.example',
    'evil-localhost',
    'localhost-evil.example',
    'localhost.',
    '127.0.0.1.nip.io',
    '127.0.0.1.evil.example',
    '127.0.0.2',
    '127.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0.0.0.0',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:2]',
    '169.254.169.254',
    'host.docker.internal',
    'metadata.google.internal',
    'localtest.me',
    'xn--lcalhost-54a.example',
    'sluice.local',
    'localhost%00.evil.example',
  ];
  const elsewhere = names.flatMap((name) => [name, `${name}:${port}`]);
  return [
    ...elsewhere,
    'localhost:1',
    '127.0.0.1:65535',
    '[::1]:9',
    'localhost',
    '127.0.0.1',
    `localhost:${port}0`,
    `localhost:0${port}x`,
    '@localhost',
    `user@localhost:${port}x`,
    '*',
  ];
}
