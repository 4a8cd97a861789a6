import assert from 'node:assert/strict';

import { mcpClients } from '../testing/mcp-clients.ts';
import { startMcpServer, type FakeExecute, type McpTestServer } from '../testing/mcp-server.ts';

const deleting = { kind: 'delete', project: 'demo', id: 'pet' };
const headers = { authorization: 'Bearer write' };
const token = 'one-time-token';

/** The engine as far as these tests need it: a delete acts only with the token. */
const engine: FakeExecute = ({ variables, confirmDestructive }) => {
  const given = variables?.['confirmation'] ?? confirmDestructive?.token;
  const confirmation = given === token ? null : { token, expiresAt: 1, summary: 'sandbox_pet "pet" will be destroyed' };
  const outcome = given === token ? 'deleted' : 'awaiting_confirmation';
  const decision = { outcome: 'ALLOWED', allow: [], deny: [] };
  return { data: { intentResourceDelete: { id: 'pet', outcome, message: outcome, confirmation, decision } } };
};

/** The gateway's own question, for root fields that destroy something. */
const gate: FakeExecute = ({ confirmDestructive }) =>
  confirmDestructive?.token === token
    ? { data: { intentProjectDelete: { id: 'demo' } } }
    : {
        errors: [
          {
            message: 'intentProjectDelete cannot be undone',
            extensions: { code: 'CONFIRMATION_REQUIRED', confirmation: token, fields: ['intentProjectDelete'] },
          },
        ],
      };

describe('confirmation of destructive calls', () => {
  let server: McpTestServer;
  let answer: FakeExecute = engine;
  before(async () => {
    server = await startMcpServer((request) => answer(request));
  });
  after(() => server.stop());
  beforeEach(() => {
    answer = engine;
  });

  for (const { era, connect } of mcpClients) {
    it(`gives ${era} clients that cannot be asked a token and says what to do with it`, async () => {
      const session = await connect({ url: `${server.url}/mcp`, headers });
      const first = await session.call('intent', deleting);
      assert.equal(first.isError, false);
      assert.equal(first.structured['outcome'], 'awaiting_confirmation');
      assert.match(
        first.texts[0] ?? '',
        /Show the user what will happen and ask; if they agree, repeat the same call with confirmation "one-time-token"/,
      );
      const second = await session.call('intent', { ...deleting, confirmation: token });
      assert.equal(second.structured['outcome'], 'deleted');
      await session.close();
    });

    it(`asks ${era} clients before a destructive field of their own document`, async () => {
      answer = gate;
      const session = await connect({ url: `${server.url}/mcp`, headers });
      const given = { document: 'mutation { intentProjectDelete(id: "demo") { id } }' };
      const first = await session.call('mutate', given);
      assert.equal(first.code, 'CONFIRMATION_REQUIRED');
      assert.match(first.texts[0] ?? '', /repeat the same call with confirmation "one-time-token"/);
      const second = await session.call('mutate', { ...given, confirmation: token });
      assert.deepEqual(second.structured, { intentProjectDelete: { id: 'demo' } });
      await session.close();
    });

    it(`asks ${era} clients in the fine-grained tools too`, async () => {
      answer = gate;
      const session = await connect({ url: `${server.url}/intent/mcp`, headers });
      const first = await session.call('project-delete', { id: 'demo' });
      assert.equal(first.code, 'CONFIRMATION_REQUIRED');
      const second = await session.call('project-delete', { id: 'demo', confirmation: token });
      assert.deepEqual(second.structured, { id: 'demo' });
      await session.close();
    });
  }

  const modern = mcpClients.find(({ era }) => era === '2026');
  assert.ok(modern);

  it('asks the user of a 2026 client, and goes on when they agree', async () => {
    const asked: string[] = [];
    const confirm = (question: string) => (asked.push(question), 'accept' as const);
    const session = await modern.connect({ url: `${server.url}/mcp`, headers, confirm });
    const reply = await session.call('intent', deleting);
    assert.equal(reply.structured['outcome'], 'deleted');
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? '', /^sandbox_pet "pet" will be destroyed/);
    await session.close();
  });

  for (const no of ['decline', 'unticked'] as const) {
    it(`does nothing when the user of a 2026 client says no (${no})`, async () => {
      const before = server.requests.length;
      const session = await modern.connect({ url: `${server.url}/mcp`, headers, confirm: () => no });
      const reply = await session.call('intent', deleting);
      assert.equal(reply.isError, true);
      assert.match(reply.texts[0] ?? '', /^not confirmed; nothing was changed/);
      assert.equal(server.requests.length, before + 1);
      await session.close();
    });
  }

  for (const [capabilities, asks] of [
    [{}, false],
    [{ elicitation: { url: {} } }, false],
    [{ elicitation: {} }, true],
    [{ elicitation: { form: {} } }, true],
  ] as const) {
    it(`${asks ? 'asks' : 'gives a token to'} a 2026 client with the capabilities ${JSON.stringify(capabilities)}`, async () => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': capabilities,
      };
      const params = { name: 'intent', arguments: deleting, _meta: meta };
      const response = await fetch(`${server.url}/mcp`, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'intent',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      });
      const text = await response.text();
      assert.equal(text.includes('"resultType":"input_required"'), asks, text);
      assert.equal(text.includes('"outcome":"awaiting_confirmation"'), !asks, text);
    });
  }

  it('asks again when a 2026 client brings a token that does not hold', async () => {
    answer = (request) => engine({ ...request, variables: { ...request.variables, confirmation: 'forged' } });
    let asked = 0;
    const confirm = () => (++asked > 2 ? ('decline' as const) : ('accept' as const));
    const session = await modern.connect({ url: `${server.url}/mcp`, headers, confirm });
    const reply = await session.call('intent', deleting);
    assert.equal(reply.isError, true);
    assert.equal(asked, 3);
    await session.close();
  });
});
