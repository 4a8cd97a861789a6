import assert from 'node:assert/strict';

import type { ApplyAnswer, ProviderConnection } from '../providers/index.ts';
import { ProviderPool } from './provider-pool.ts';
import { until } from '../testing/until.ts';
import { SessionCalls } from './session-calls.ts';

const binary = { address: 'acme/thing', version: '1.0.0', path: '/thing', sha256: 'aa' };
const session = { binary, configuration: new Uint8Array(), environment: {} };
const nothing = new Uint8Array();
const answer = { state: nothing, private: nothing, problems: [], legacyTypeSystem: false };

/** Calls of a provider that goes on with each change until it is told to end it, and counts how often it is stopped. */
function aProvider() {
  const ends = new Map<string, () => void>();
  const seen = { starts: 0, stops: 0 };
  const connection = {
    apply: ({ type }: { readonly type: string }) =>
      new Promise<ApplyAnswer>((resolve) => ends.set(type, () => resolve({ ...answer, identity: undefined }))),
    stop: async () => void (seen.stops += 1),
  } as Partial<ProviderConnection> as ProviderConnection; // nothing else is called here
  const start = async () => {
    seen.starts += 1;
    const ended = new Promise<void>(() => {});
    const end = async (): Promise<void> => {};
    return { binary, connection, ended, alive: () => true, obituary: async () => undefined, stop: end, kill: end };
  };
  const pool = new ProviderPool({ maxProviders: 4, idleMs: 60_000, start });
  const calls = new SessionCalls(pool, 1_000);
  return {
    calls,
    pool,
    seen,
    begin: async (id: string, group: string | undefined, timeoutMs = 60_000) => {
      const request = { type: id, prior: nothing, planned: nothing, config: nothing, plannedPrivate: nothing };
      const done = calls.run(session, { name: 'apply', request }, { operationId: id, group, timeoutMs });
      while (!ends.has(id)) await new Promise(setImmediate);
      return { end: () => (ends.get(id)?.(), done) };
    },
  };
}

describe('changes that share a process', () => {
  it('are not stopped with one that is cancelled, which waits for their end', async () => {
    const { begin, calls, seen, pool } = aProvider();
    const [first, second] = [await begin('first', 'set'), await begin('second', 'set')];
    assert.equal(seen.starts, 1);
    await calls.cancel('first');
    assert.equal(seen.stops, 0);
    const third = await begin('third', 'set');
    assert.equal(seen.starts, 2, 'a new change is begun elsewhere');
    await second.end();
    assert.equal(seen.stops, 1);
    await Promise.all([first.end(), third.end()]);
    await pool.close();
  });

  it('are stopped when all of them are cancelled', async () => {
    const { begin, calls, seen, pool } = aProvider();
    const changes = [await begin('first', 'set'), await begin('second', 'set')];
    await Promise.all([calls.cancel('first'), calls.cancel('second')]);
    assert.ok(seen.stops > 0);
    await Promise.all(changes.map((change) => change.end()));
    await pool.close();
  });

  it('are not stopped with one whose time is over', async () => {
    const { begin, seen, pool } = aProvider();
    const [first, second] = [await begin('first', 'set', 20), await begin('second', 'set')];
    const alone = await begin('alone', undefined, 20);
    await until(() => seen.stops > 0, { what: 'the change that is alone is stopped' });
    assert.equal(seen.stops, 1);
    await second.end();
    assert.equal(seen.stops, 2, 'now the first one is');
    await Promise.all([first.end(), alone.end()]);
    await pool.close();
  });
});
