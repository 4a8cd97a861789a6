import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Json } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { intentDecision, loginDecision, type PolicyEngine, shippedPolicies, startPolicyEngine } from './index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function request(change: Readonly<Record<string, Json>>): Json {
  return {
    resource: {
      resource_id: 'notes',
      resource_type: 'sandbox_file',
      provider: 'sluice/sandbox',
      provider_version: '1.0.0',
      operation: 'create',
      current_state: null,
      proposed_state: { content: 'hello' },
      ...change,
    },
  };
}

const ofType = (type: string) => shippedPolicies().filter((policy) => policy.type === type);

describe('shipped policies', () => {
  let engine: PolicyEngine;

  before(() => {
    engine = startPolicyEngine({ workers: 1, timeoutMs: 5_000, memoryMb: 16, logger: silentLogger });
  });
  after(() => engine.close());

  it('have a title, a description, a text and a rule that decides', () => {
    const policies = shippedPolicies();
    ok(policies.length >= 7);
    for (const { name, body, compiled } of policies) {
      match(body, /^package spacelift$/m);
      ok(compiled.title.length > 0 && compiled.description.length > 0, name);
      ok(compiled.rules.includes('allow') || compiled.rules.includes('deny'), name);
    }
  });

  it('are built from the texts they show', () => {
    const script = `${root}scripts/build-policies.ts`;
    equal(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' }), '');
  });

  it('evaluate without a compiler, each to a readable decision', async () => {
    for (const { name, compiled } of ofType('INTENT')) {
      const result = await engine.evaluate(compiled, request({}));
      const { deny } = intentDecision([{ policy: { id: name, name }, result }]);
      ok(!deny.some((reason) => reason.includes('so nothing is allowed')), deny.join());
    }
  });

  it('decide who comes in, each to a readable decision', async () => {
    const session = { login: 'ana', email: 'ana@example.com', machine: false, member: true, teams: ['platform'] };
    const timestamp_ns = Date.parse('2026-11-20T12:00:00Z') * 1e6;
    const input = { session, request: { remote_ip: '192.0.2.7', timestamp_ns } };
    const writer = { id: 'ulid', slug: 'space-writer', actions: ['SPACE_WRITE'] };
    const tables = { roles: [writer], spaces: new Set(['root']) };
    const given: Record<string, readonly object[]> = {};
    for (const { name, compiled } of ofType('LOGIN')) {
      const decision = loginDecision(
        [{ policy: { id: name, name }, result: await engine.evaluate(compiled, input) }],
        tables,
      );
      deepEqual([decision.outcome, decision.problems], ['ALLOWED', []], name);
      given[name] = decision.roles;
    }
    deepEqual(given['login-team-roles'], [{ role: 'ulid', space: 'root' }]);
    equal(Object.keys(given).length, 3);
  });

  async function starter(change: Readonly<Record<string, Json>>) {
    const policy = shippedPolicies().find(({ name }) => name === 'intent-starter');
    ok(policy !== undefined);
    const result = await engine.evaluate(policy.compiled, request(change));
    return intentDecision([{ policy: { id: 'starter', name: 'starter' }, result }]);
  }

  it('begin with one that allows the sandbox', async () => {
    deepEqual(await starter({}), {
      outcome: 'ALLOWED',
      deny: [],
      allow: ['the sandbox may create sandbox_file'],
      sample: ['starter'],
    });
  });

  it('begin with one that denies names of production', async () => {
    const { outcome, deny } = await starter({ resource_id: 'prod-db' });
    deepEqual(
      [outcome, deny],
      ['DENIED', ['"prod-db" looks like production; the starter policy allows experiments only']],
    );
  });

  it('begin with one that leaves other providers to a person', async () => {
    equal((await starter({ provider: 'hashicorp/aws' })).outcome, 'REVIEW');
  });
});
