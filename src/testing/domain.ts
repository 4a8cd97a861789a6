import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { createHash } from 'node:crypto';

import { type Action, actions } from '../../generated/enums.ts';
import type { DomainContext, Request } from '../domain/context.ts';
import { createFailureLimit } from '../domain/failure-limit.ts';
import { prepareFirstStart } from '../domain/first-start/index.ts';
import { createProject } from '../domain/projects/index.ts';
import { createSpace } from '../domain/spaces/index.ts';
import type { PolicyCompiler, PolicyEngine } from '../policy/index.ts';
import type { Caller } from '../shared/caller.ts';
import { badInput } from '../shared/errors.ts';
import { silentLogger } from '../shared/logger.ts';
import { noon } from './storage-rows.ts';
import { testFolder, testStorage } from './storage.ts';

/** A clock that stands until it is moved. */
export interface TestClock {
  now(): Date;
  advance(seconds: number): void;
}

export interface TestDomain {
  readonly context: DomainContext;
  readonly clock: TestClock;
  readonly dataDir: string;
  /** May do everything in root, and so everywhere. */
  readonly admin: Request;
}

/** The business rules over an empty database after its first start; nothing of providers or executor. */
export async function testDomain(): Promise<TestDomain> {
  const clock = testClock();
  const dataDir = await mkdtemp(join(testFolder(), 'data-'));
  const context: DomainContext = {
    storage: await testStorage(),
    clock,
    log: silentLogger,
    policyCompiler: fakeCompiler,
    policyEngine: fakeEngine,
    providers: absent('providers'),
    executor: absent('executor'),
    aws: absent('aws'),
    identities: absent('identities'),
    rights: { epoch: 0 },
    account: 'local',
    publicUrl: 'http://localhost:4000',
    issuers: absent('issuers'),
    personalTokenDays: 90,
    keyFailures: createFailureLimit(),
  };
  await prepareFirstStart(context, { dataDir });
  return { context, clock, dataDir, admin: adminRequest() };
}

export function testClock(start = noon): TestClock {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}

// Rights are worked out when a caller comes in; this one comes in once and makes spaces afterwards.
class AllEverywhere extends Map<string, ReadonlySet<Action>> {
  override get(): ReadonlySet<Action> {
    return new Set(actions);
  }
}

function adminRequest(): Request {
  const request = requestOf('admin');
  const grants = new AllEverywhere([
    ['root', new Set(actions)],
    ['child', new Set(actions)],
  ]);
  return { ...request, caller: { ...request.caller, grants } };
}

/** A request of somebody with these actions, space by space. */
export function requestOf(name: string, grants: Readonly<Record<string, readonly Action[]>> = {}): Request {
  const caller: Caller = {
    principal: { kind: 'API_KEY', id: `id of ${name}`, name },
    session: `session of ${name}`,
    scopes: new Set(['mcp:read', 'mcp:write']),
    grants: new Map(Object.entries(grants).map(([space, held]) => [space, new Set(held)])),
  };
  return { caller, origin: { via: 'GRAPHQL', requestId: 'test', remoteAddress: '127.0.0.1', client: undefined } };
}

/** Spaces under root, each given as `id: parent`; the ids are made from the names. */
export async function makeSpaces(
  domain: TestDomain,
  tree: Readonly<Record<string, string>>,
  inherit = false,
): Promise<void> {
  for (const [name, parentSpace] of Object.entries(tree)) {
    await createSpace(domain.context, domain.admin, { name, description: '', inheritEntities: inherit, parentSpace });
  }
}

export async function makeProject(domain: TestDomain, name: string, space = 'root'): Promise<string> {
  return (await createProject(domain.context, domain.admin, { name, space })).id;
}

// Compiling needs an outside tool, and deciding is tested with the engine itself: here only what is done with both.
const fakeCompiler: PolicyCompiler = {
  available: true,
  async compile({ body }) {
    if (body.includes('syntax error')) throw badInput('body', '1:1: a syntax error');
    const wasm = Buffer.from(`wasm of ${body}`);
    const sha256 = createHash('sha256').update(wasm).digest('hex');
    return { wasm, sha256, rules: ['deny'], title: '', description: '' };
  },
};

const fakeEngine: PolicyEngine = {
  evaluate: async ({ wasm }, input) => ({ policy: Buffer.from(wasm).toString(), input }),
  close: async () => {},
};

/** A part that these tests must not reach. */
function absent<T extends object>(name: string): T {
  const refuse = (): never => {
    throw new Error(`${name} is not part of this test`);
  };
  return new Proxy({}, { get: refuse }) as T;
}
