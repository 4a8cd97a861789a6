// Our side: the gateway and the HTTP folder as shipped, with the benchmark's schema. Run as a process of its own.
import { hash, verify } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import { createGateway } from '../../../src/gateway/index.ts';
import { createApp, listen } from '../../../src/http/index.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { createLogger } from '../../../src/shared/logger.ts';
import { access, resolvers, spaceOf, typeDefs } from './stacks.ts';
import { type Keys, readKeys } from './tokens.ts';

interface Claims {
  readonly sub: string;
  readonly exp: number;
  readonly spaces: readonly string[];
}

const log = createLogger(process.env['BENCH_LOG_LEVEL'] ?? 'info');
const keys = readKeys(process.env['BENCH_KEY'] ?? '');
const gateway = createGateway({
  typeDefs,
  resolvers,
  access,
  spaceOf,
  contextFor: (caller, origin) => ({ caller, origin }),
  log,
});
const app = createApp({
  gateway,
  callerOf: createCallerOf(keys),
  mcp: undefined,
  health: async () => ({ ready: true }),
  publicUrl: 'http://localhost',
  allowedHosts: [process.env['BENCH_HOST'] ?? ''],
  maxBodyBytes: 1_000_000,
  log,
});
const { port } = await listen(app, '127.0.0.1', Number(process.env['BENCH_PORT'] ?? 0));
process.once('SIGTERM', () => process.exit(0)); // lets a profiler write its file
process.stdout.write(`${port}\n`);

/** Verifies a token once and keeps its caller by the token's hash, as the server does. */
function createCallerOf({ publicKey }: Keys): (token: string) => Caller {
  const callers = new LRUCache<string, { readonly caller: Caller; readonly exp: number }>({ max: 10_000 });
  return (token) => {
    const digest = hash('sha256', token, 'base64');
    const known = callers.get(digest);
    if (known !== undefined && known.exp > Date.now() / 1000) return known.caller;
    const claims = verifyToken(token, publicKey);
    const caller = callerFor(claims);
    callers.set(digest, { caller, exp: claims.exp });
    return caller;
  };
}

function verifyToken(token: string, publicKey: Keys['publicKey']): Claims {
  const [head = '', claims = '', signature = ''] = token.split('.');
  if (!verify(undefined, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))) {
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the token is wrong');
  }
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims;
}

function callerFor({ sub, spaces }: Claims): Caller {
  return Object.freeze({
    principal: { kind: 'USER' as const, id: sub, name: sub },
    session: sub,
    scopes: new Set(['mcp:read' as const]),
    grants: new Map(spaces.map((space) => [space, new Set(['SPACE_READ' as const])])),
  });
}
