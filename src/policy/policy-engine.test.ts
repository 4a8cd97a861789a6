import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { type PolicyEngine, shippedPolicies, startPolicyEngine } from './index.ts';

const TIMEOUT_MS = 1_000;

/** A module whose start never ends: the shortest endless policy there is. */
const endless = withChecksum(
  Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x08,
    0x01, 0x00, 0x0a, 0x09, 0x01, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b,
  ]),
);
const empty = withChecksum(Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]));

function withChecksum(wasm: Uint8Array) {
  return { wasm, sha256: createHash('sha256').update(wasm).digest('hex') };
}

function failsBecause(reason: string) {
  return (error: unknown) => error instanceof AppError && error.details['reason'] === reason;
}

const shipped = shippedPolicies();

function starter() {
  const policy = shipped.find(({ name }) => name === 'intent-starter');
  ok(policy !== undefined);
  return policy.compiled;
}

function request(id: string): Json {
  return {
    resource: {
      resource_id: id,
      resource_type: 'sandbox_file',
      provider: 'sluice/sandbox',
      provider_version: '1.0.0',
      operation: 'create',
      current_state: null,
      proposed_state: { content: 'hello' },
    },
  };
}

describe('PolicyEngine', () => {
  let engine: PolicyEngine;

  before(() => {
    engine = startPolicyEngine({ workers: 2, timeoutMs: TIMEOUT_MS, memoryMb: 16, logger: silentLogger });
  });
  after(() => engine.close());

  it('gives the rules of the package that have a value', async () => {
    const result = await engine.evaluate(starter(), request('notes'));
    deepEqual(result, {
      allow: ['the sandbox may create sandbox_file'],
      deny: [],
      max_content_length: 4096,
      names: ['notes'],
      provider: 'sluice/sandbox',
      sample: true,
    });
  });

  it('keeps evaluations apart that run at the same time', async () => {
    const ids = Array.from({ length: 200 }, (_none, at) => `item-${at}`);
    const results = await Promise.all(ids.map((id) => engine.evaluate(starter(), request(id))));
    deepEqual(
      results.map((result) => (result as { names: string[] }).names),
      ids.map((id) => [id]),
    );
  });

  it('refuses a module that is not what its checksum says', async () => {
    const { wasm } = starter();
    await rejects(engine.evaluate({ wasm, sha256: 'a'.repeat(64) }, {}), failsBecause('CORRUPT'));
  });

  it('refuses a damaged module, wherever the damage is', async () => {
    const { wasm } = starter();
    const cuts = [0, 1, 8, 100, wasm.length - 1].map((length) => wasm.slice(0, length));
    for (const cut of cuts) await rejects(engine.evaluate(withChecksum(cut), {}), failsBecause('CORRUPT'));
  });

  it('refuses a module that is no policy', () => rejects(engine.evaluate(empty, {}), failsBecause('CORRUPT')));

  it('ends an endless policy at the time limit and serves the next request', async () => {
    await rejects(engine.evaluate(endless, {}), failsBecause('TIMEOUT'));
    ok(await engine.evaluate(starter(), request('notes')));
  });

  it('ends policies of a type at its own limit', async () => {
    const timeouts = { LOGIN: 50 };
    const patient = startPolicyEngine({ workers: 1, timeoutMs: 300_000, timeouts, memoryMb: 16, logger: silentLogger });
    await rejects(patient.evaluate({ ...endless, type: 'LOGIN' }, {}), /longer than 50 ms/);
    await patient.close();
  });

  it('does not blame a policy for the time in which its own thread was held up', async () => {
    const fresh = startPolicyEngine({ workers: 1, timeoutMs: 200, memoryMb: 16, logger: silentLogger });
    await fresh.evaluate(starter(), request('a'));
    const other = shipped.find(({ name }) => name === 'intent-caps')?.compiled ?? starter();
    await new Promise((next) => setImmediate(next)); // from here, timers come before messages
    const asked = [fresh.evaluate(other, request('b')), fresh.evaluate(starter(), request('c'))];
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    const settled = await Promise.allSettled(asked);
    await fresh.close();
    deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled'],
    );
  });

  it('lets no other request suffer when a worker is killed', async () => {
    const others = () => Array.from({ length: 50 }, (_none, at) => engine.evaluate(starter(), request(`item-${at}`)));
    const before = others();
    const killed = engine.evaluate(endless, {});
    const results = Promise.all([...before, ...others()]);
    await rejects(killed, failsBecause('TIMEOUT'));
    equal((await results).length, 100);
  });

  it('refuses an input over its limit', () =>
    rejects(engine.evaluate(starter(), { text: 'x'.repeat(5_000_000) }), failsBecause('INPUT_TOO_LARGE')));

  it('gives no result for an input nested beyond the stack', async () => {
    const depth = 100_000;
    const nested: Json = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as Json;
    await rejects(engine.evaluate(starter(), { resource: nested }));
    ok(await engine.evaluate(starter(), request('notes')));
  });

  it('refuses an input that is not JSON', async () => {
    const ring: Record<string, unknown> = {};
    ring['self'] = ring;
    await rejects(engine.evaluate(starter(), ring as Json), failsBecause('INPUT_MALFORMED'));
    await rejects(engine.evaluate(starter(), undefined as unknown as Json), failsBecause('INPUT_MALFORMED'));
  });
});

describe('PolicyEngine at its end', () => {
  it('rejects what is under way and what comes after', async () => {
    const engine = startPolicyEngine({ workers: 1, timeoutMs: TIMEOUT_MS, memoryMb: 16, logger: silentLogger });
    const running = [1, 2, 3].map(() => engine.evaluate(endless, {}));
    const refused = running.map((one) => rejects(one, failsBecause('CLOSED')));
    await engine.close();
    await Promise.all(refused);
    await rejects(engine.evaluate(starter(), {}), failsBecause('CLOSED'));
  });
});
