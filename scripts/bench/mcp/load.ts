import { Agent, request, type OutgoingHttpHeaders } from 'node:http';

/** How a client of a protocol generation sends one tool call. */
export interface Generation {
  readonly name: '2025-11-25' | '2026-07-28';
  readonly headers: OutgoingHttpHeaders;
  body(id: number, tool: string, given: object): string;
}

const common = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: 'Bearer write',
};

export const generations: readonly Generation[] = [
  {
    name: '2025-11-25',
    headers: { ...common, 'mcp-protocol-version': '2025-11-25' },
    body: (id, name, given) =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: given } }),
  },
  {
    name: '2026-07-28',
    headers: { ...common, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'query' },
    body: (id, name, given) =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: given, _meta: envelope } }),
  },
];

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const CONNECTIONS = 50;

export interface CallLoad {
  readonly port: number;
  readonly path: string;
  readonly count: number;
  readonly generation: Generation;
  /** Arguments of the next call, and what its answer must hold. */
  readonly next: () => { readonly given: object; readonly expected: string };
}

/** Sends tool calls over 50 connections. @returns how many answers were right */
export async function sendCalls({ port, path, count, generation, next }: CallLoad): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let sent = 0;
  let right = 0;
  const client = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const { given, expected } = next();
      const answer = await send(agent, port, path, generation, generation.body(sent, 'query', given));
      if (answer.includes(expected)) right += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => client()));
  agent.destroy();
  return right;
}

function send(agent: Agent, port: number, path: string, { headers }: Generation, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, path, method: 'POST' };
    const call = request(
      { ...options, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
