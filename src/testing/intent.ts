import { createHash } from 'node:crypto';

import { actions } from '../../generated/enums.ts';
import type { DomainContext, Request } from '../domain/context.ts';
import { createIntent, type Intent, type IntentOptions, type OperationView } from '../intent/index.ts';
import type { Json } from '../shared/json.ts';
import { insertAttachment, insertPolicy } from '../storage/policies.ts';
import { makeProject, requestOf, type TestClock, testDomain } from './domain.ts';
import { type FakeCloud, fakeCloud } from './fake-cloud.ts';
import { aPolicy } from './storage-rows.ts';

/** The engine over an empty database, a fake provider and policies made of functions. */
export interface TestIntent {
  readonly intent: Intent;
  readonly cloud: FakeCloud;
  readonly context: DomainContext;
  readonly clock: TestClock;
  readonly project: string;
  readonly request: Request;
  /** Every document that a policy was given. */
  readonly judged: Json[];
  /** Attaches a policy that answers like this. */
  addPolicy(name: string, rule: (input: Json) => Json | Promise<Json>): Promise<void>;
  create(resourceID: string, config?: Json, wait?: number): Promise<OperationView>;
  /** Another server on the same database: nothing of the first one is in its memory. */
  restart(options?: IntentOptions): Intent;
}

/** A request of another session that may do everything. */
export function otherSession(name: string): Request {
  return requestOf(name, { root: actions });
}

export async function testIntent(options: IntentOptions = {}): Promise<TestIntent> {
  const domain = await testDomain();
  const cloud = fakeCloud();
  const rules = new Map<string, (input: Json) => Json | Promise<Json>>();
  const judged: Json[] = [];
  const context: DomainContext = {
    ...domain.context,
    executor: cloud.executor,
    providers: cloud.providers,
    policyEngine: {
      evaluate: async ({ sha256 }, input) => {
        judged.push(input);
        return (await rules.get(sha256)?.(input)) ?? {};
      },
      close: () => Promise.resolve(),
    },
  };
  const project = await makeProject(domain, 'Bench');
  const request = domain.admin;
  const intent = createIntent(context, options);
  return {
    intent,
    cloud,
    context,
    clock: domain.clock,
    project,
    request,
    judged,
    async addPolicy(name, rule) {
      const sha256 = createHash('sha256').update(name).digest('hex');
      rules.set(sha256, rule);
      const policy = aPolicy({ name, wasm: Buffer.from(name), wasmSha256: sha256 });
      await context.storage.transaction(async (db) => {
        await insertPolicy(db, policy);
        const createdAt = domain.clock.now();
        await insertAttachment(db, { id: policy.id, policyId: policy.id, projectId: project, createdAt });
      });
    },
    create: (resourceID, config = { name: resourceID }, wait) =>
      intent.createResource(request, {
        intentProject: project,
        resourceID,
        provider: 'acme/fake',
        type: 'fake_thing',
        config,
        ...(wait === undefined ? {} : { wait }),
      }),
    restart: (more = {}) => createIntent(context, more),
  };
}
