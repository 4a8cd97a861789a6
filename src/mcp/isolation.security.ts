import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

import { campaign, createRandom, type Random } from '../testing/campaign.ts';
import { type FakeExecute, startMcpServer } from '../testing/mcp-server.ts';

const CALLS_EACH = 25;
const ABORTED_SHARE = 0.05;

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'isolation', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What one client must see in every answer, and nobody else may see at all. */
const secretOf = (client: string): string => `secret-of-${client}-`;

const ownSecret: FakeExecute = async ({ caller, variables }) => {
  await new Promise((done) => setTimeout(done, Math.random() * 3));
  return { data: { secret: secretOf(caller.principal.name), asked: variables?.['n'] ?? null } };
};

interface Seen {
  answers: number;
  aborted: number;
}

/** One client after the other sends its calls, all under the same request ids. @throws when it sees what is not its own */
async function crowd(execute: FakeExecute, clients: readonly { name: string; random: Random }[]): Promise<Seen> {
  const server = await startMcpServer(execute);
  const agent = new Agent({ keepAlive: true, maxSockets: clients.length });
  const seen: Seen = { answers: 0, aborted: 0 };
  try {
    const sending = clients.map(({ name, random }) =>
      sendCalls({ agent, url: server.url, client: name }, random, seen),
    );
    const outcomes = await Promise.allSettled(sending);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return seen;
  } finally {
    agent.destroy();
    await server.stop();
  }
}

async function sendCalls(to: Pick<Call, 'agent' | 'url' | 'client'>, random: Random, seen: Seen): Promise<void> {
  for (let id = 1; id <= CALLS_EACH; id++) {
    const text = await call({ ...to, id, modern: random.chance(0.5), aborts: random.chance(ABORTED_SHARE) });
    if (text === undefined) {
      seen.aborted += 1;
      continue;
    }
    seen.answers += 1;
    const secrets = new Set(text.match(/secret-of-client\d+-/g));
    assert.deepEqual([...secrets], [secretOf(to.client)]);
    assert.match(text, new RegExp(`"id":${id}\\b`));
    assert.match(text, new RegExp(`"asked":${id}\\b`));
  }
}

const clients = campaign('many clients', { short: 60, tenth: 200, full: 2_000 });
const AT_ONCE = 200;

describe('MCP under many clients at once', () => {
  it(`never gives an answer to another client: ${clients.count} of the many clients, equal request ids, both revisions, calls cut off`, async () => {
    const all: { name: string; random: Random }[] = [];
    await clients.run((random, index) => void all.push({ name: `client${index}`, random }));
    const seen: Seen = { answers: 0, aborted: 0 };
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const { answers, aborted } = await crowd(ownSecret, all.slice(from, from + AT_ONCE));
      seen.answers += answers;
      seen.aborted += aborted;
    }
    process.stdout.write(`      ${seen.answers} answers, ${seen.aborted} calls cut off\n`);
    assert.equal(seen.answers + seen.aborted, all.length * CALLS_EACH);
  });

  it('would be seen to do so, did the server keep anything of one request for the next', async () => {
    let last = 'client0';
    const forgetful: FakeExecute = async ({ caller, variables }) => {
      const name = last;
      last = caller.principal.name;
      return { data: { secret: secretOf(name), asked: variables?.['n'] ?? null } };
    };
    const two = ['client1', 'client2'].map((name) => ({ name, random: createRandom(name) }));
    await assert.rejects(crowd(forgetful, two), assert.AssertionError);
  });
});

interface Call {
  readonly agent: Agent;
  readonly url: string;
  readonly client: string;
  readonly id: number;
  readonly modern: boolean;
  /** Cut off in the middle. */
  readonly aborts: boolean;
}

/** The body of the answer; undefined when the call was cut off half-way. */
function call({ agent, url, client, id, modern, aborts }: Call): Promise<string | undefined> {
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
