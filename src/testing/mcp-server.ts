import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';

import { validators } from '../../generated/validators.js';
import { createHostCheck, type HostCheck } from '../auth/index.ts';
import type { ExecutionOutcome, GatewayRequest } from '../gateway/index.ts';
import { createMcp, parseTools, type ArgumentChecks, type Mcp, type Tool } from '../mcp/index.ts';
import { anonymous, type Caller, type Scope } from '../shared/caller.ts';
import { silentLogger } from '../shared/logger.ts';

/** The generated tools and their checks, as the server loads them. */
export const generatedTools: readonly Tool[] = parseTools(
  readFileSync(resolve(import.meta.dirname, '../../generated/mcp.json'), 'utf8'),
);
export const generatedChecks: ArgumentChecks = validators;

export interface McpTestServer {
  readonly url: string;
  readonly mcp: Mcp;
  /** What reached the gateway. */
  readonly requests: readonly GatewayRequest[];
  stop(): Promise<void>;
}

export type FakeExecute = (request: GatewayRequest) => Partial<ExecutionOutcome> | Promise<Partial<ExecutionOutcome>>;

/**
 * Both MCP endpoints on a free port, in front of a gateway that answers what the test says. A bearer token is read as
 * the scopes it stands for: `read`, `write`, or anything else for a stranger; `write:ann` is Ann's.
 */
export async function startMcpServer(execute: FakeExecute): Promise<McpTestServer> {
  const requests: GatewayRequest[] = [];
  let allowsHost: HostCheck = () => false; // known once the port is
  const mcp = createMcp({
    gateway: {
      execute: async (request) => {
        requests.push(request);
        return { data: {}, errors: [], ...(await execute(request)) };
      },
    },
    tools: generatedTools,
    checks: generatedChecks,
    allowsHost: (host) => allowsHost(host),
    maxBodyBytes: 100_000,
    version: '0.0.0-test',
    log: silentLogger,
  });
  const server = createServer((request, response) => {
    const endpoint = request.url?.startsWith('/intent/mcp') === true ? 'INTENT' : 'MAIN';
    const origin = { via: 'MCP', requestId: 'test-request', remoteAddress: undefined, client: undefined } as const;
    void mcp.handle(endpoint, request, response, callerOf(request.headers.authorization), origin);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  allowsHost = createHostCheck(url, []);
  return {
    url,
    mcp,
    requests,
    stop: async () => {
      await mcp.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function callerOf(header: string | undefined): Caller {
  const [, right = '', name = 'tester'] = /^Bearer (\w+)(?::(\w+))?$/.exec(header ?? '') ?? [];
  const scopes: readonly Scope[] = right === 'write' ? ['mcp:write'] : right === 'read' ? ['mcp:read'] : [];
  if (scopes.length === 0) return anonymous;
  const principal = { kind: 'API_KEY', id: name, name } as const;
  return { principal, session: `session of ${name}`, scopes: new Set(scopes), grants: new Map() };
}
