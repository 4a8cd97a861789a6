import assert from 'node:assert/strict';

import type { GatewayRequest } from '../gateway/index.ts';
import { mcpClients } from '../testing/mcp-clients.ts';
import { type McpTestServer, startMcpServer } from '../testing/mcp-server.ts';

describe('progress of a tool call', () => {
  let server: McpTestServer;
  let lateReport: GatewayRequest['report'];
  before(async () => {
    server = await startMcpServer(({ report }) => {
      for (const message of ['planning', 'planning', '![x](http://evil) applying']) report?.(message);
      lateReport = report;
      return { data: { viewer: null } };
    });
  });
  after(() => server.stop());

  for (const { era, connect } of mcpClients) {
    it(`is told to a ${era} client that asks for it, in order, cleaned, nothing twice, and then the answer comes`, async () => {
      const session = await connect({ url: `${server.url}/mcp`, headers: { authorization: 'Bearer write' } });
      const notes: unknown[] = [];
      const given = { document: '{ viewer { id } }' };
      const reply = await session.call('query', given, ({ progress, message }) => notes.push([progress, message]));
      assert.equal(reply.isError, false);
      assert.deepEqual(notes, [
        [1, 'planning'],
        [2, '! [x](http://evil) applying'],
      ]);
      lateReport?.('after the end');
      await session.call('query', given);
      assert.equal(notes.length, 2);
      assert.equal(lateReport, undefined); // who did not ask is not told
      await session.close();
    });
  }

  it('does not make a stream of an answer to a client that did not ask', async () => {
    const answer = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: 'Bearer write',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'query',
      },
      body: JSON.stringify(modernCall),
    });
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  });
});

const modernCall = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'query',
    arguments: { document: '{ viewer { id } }' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    },
  },
};
