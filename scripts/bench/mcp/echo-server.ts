// The peer: five tools on the same library, one of which hands back its arguments. No guard, no check, no GraphQL.
import { createServer } from 'node:http';

import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';

const schema = fromJsonSchema<{ document: string; variables?: object }>({
  type: 'object',
  properties: { document: { type: 'string' }, variables: { type: 'object' } },
  required: ['document'],
});
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'echo', version: '1.0.0' });
  for (const name of ['discover', 'query', 'mutate', 'provider', 'intent']) {
    server.registerTool(name, { description: `Echoes ${name}.`, inputSchema: schema }, ({ variables = {} }) => ({
      content: [{ type: 'text', text: JSON.stringify(variables) }],
      structuredContent: { ...variables },
    }));
  }
  return server;
});
const answer = toNodeHandler(handler);
const server = createServer((request, response) => {
  const { method = 'GET', url = '/', headers } = request;
  void answer({ method, url, headers, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() }, response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
