// Our side: the MCP folder as shipped in front of the gateway as shipped, with one small read behind it.
import { createServer } from 'node:http';

import { createGateway } from '../../../src/gateway/index.ts';
import { createMcp } from '../../../src/mcp/index.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { createLogger } from '../../../src/shared/logger.ts';
import { generatedChecks, generatedTools } from '../../../src/testing/mcp-server.ts';

const typeDefs = 'type Query { item(id: ID!): Item } type Item { id: ID! name: String! size: Int! }';
const open = { public: false, scopes: [['mcp:read']], actions: [], destructive: false } as const;
const plain = { public: false, scopes: [], actions: [], destructive: false } as const;
const log = createLogger('warn');
const gateway = createGateway({
  typeDefs,
  resolvers: { Query: { item: (_root: unknown, { id }: { id: string }) => ({ id, name: `item ${id}`, size: 7 }) } },
  access: {
    typeAccess: {},
    fieldAccess: { 'Query.item': open, 'Item.id': plain, 'Item.name': plain, 'Item.size': plain },
  },
  spaceOf: {},
  contextFor: (caller, origin) => ({ caller, origin }),
  log,
});
const mcp = createMcp({
  gateway,
  tools: generatedTools,
  checks: generatedChecks,
  allowsHost: (host) => host !== undefined,
  maxBodyBytes: 1_000_000,
  version: '0.0.0',
  log,
});
const caller: Caller = {
  principal: { kind: 'API_KEY', id: 'bench', name: 'bench' },
  session: 'bench',
  scopes: new Set(['mcp:write' as const]),
  grants: new Map(),
};
const origin = { via: 'MCP', requestId: 'bench', remoteAddress: undefined, client: undefined } as const;
const server = createServer((request, response) => void mcp.handle('MAIN', request, response, caller, origin));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`);
});
process.once('SIGTERM', () => process.exit(0)); // lets a profiler write its file
