import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

import { startMcpServer, type McpTestServer } from '../testing/mcp-server.ts';

const CLIENTS = 200;
const CALLS_EACH = 250;
const ABORTED_SHARE = 0.05;

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'isolation', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What one client must see in every answer, and nobody else may see at all. */
const secretOf = (client: string): string => `secret-of-${client}-`;

describe('MCP under many clients at once', () => {
  let server: McpTestServer;
  before(async () => {
    server = await startMcpServer(async ({ caller, variables }) => {
      await new Promise((done) => setTimeout(done, Math.random() * 3));
      return { data: { secret: secretOf(caller.principal.name), asked: variables?.['n'] ?? null } };
    });
  });
  after(() => server.stop());

  it(`never gives an answer to another client: ${CLIENTS} clients with equal request ids, both revisions, calls cut off`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    const seen = { answers: 0, aborted: 0 };
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, at) => {
        const client = `client${at}`;
        for (let id = 1; id <= CALLS_EACH; id++) {
          const text = await call({ agent, url: server.url, client, id, modern: (at + id) % 2 === 0 });
          if (text === undefined) {
            seen.aborted += 1;
            continue;
          }
          seen.answers += 1;
          const secrets = new Set(text.match(/secret-of-client\d+-/g));
          assert.deepEqual([...secrets], [secretOf(client)]);
          assert.match(text, new RegExp(`"id":${id}\\b`));
          assert.match(text, new RegExp(`"asked":${id}\\b`));
        }
      }),
    );
    agent.destroy();
    assert.equal(seen.answers + seen.aborted, CLIENTS * CALLS_EACH);
    assert.ok(seen.aborted > (CLIENTS * CALLS_EACH * ABORTED_SHARE) / 2, `${seen.aborted} aborted`);
  }).timeout(600_000);
});

interface Call {
  readonly agent: Agent;
  readonly url: string;
  readonly client: string;
  readonly id: number;
  readonly modern: boolean;
}

/** The body of the answer; undefined when the call was cut off half-way. */
function call({ agent, url, client, id, modern }: Call): Promise<string | undefined> {
  const params = { name: 'query', arguments: { document: '{ secret asked }', variables: { n: id } } };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: modern ? { ...params, _meta: modernMeta } : params,
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    authorization: `Bearer write:${client}`,
    'mcp-protocol-version': modern ? '2026-07-28' : '2025-11-25',
    ...(modern ? { 'mcp-method': 'tools/call', 'mcp-name': 'query' } : {}),
  };
  const aborts = Math.random() < ABORTED_SHARE;
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/mcp`, { agent, method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    sent.on('error', (error) => (aborts ? resolve(undefined) : reject(error)));
    sent.end(body);
    if (aborts) setTimeout(() => (sent.destroy(), resolve(undefined)), Math.random() * 4);
  });
}
