import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import type { ProviderConnection } from '../providers/index.ts';
import { AppError } from '../shared/errors.ts';
import type { ProviderSession } from './executor.ts';
import { ProviderPool, type Use } from './provider-pool.ts';
import type { ProviderProcess } from './provider-process.ts';

const binary = { address: 'acme/thing', version: '1.0.0', path: '/thing', sha256: 'aa' };
const session = (text: string, environment = {}): ProviderSession => ({
  binary,
  configuration: Buffer.from(text),
  environment,
});

/** A pool over processes that only say what was done to them. */
function aPool(options: { maxProviders?: number; idleMs?: number; maxCalls?: number; failing?: boolean } = {}) {
  const log: string[] = [];
  let started = 0;
  const start = async ({ configuration }: ProviderSession): Promise<ProviderProcess> => {
    started += 1;
    const name = `${Buffer.from(configuration).toString()}${started}`;
    log.push(`start ${name}`);
    await delay(5);
    if (options.failing === true) throw new AppError('PROVIDER_FAILED', 'would not start');
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const finish = (how: string) => async (): Promise<void> => {
      log.push(`${how} ${name}`);
      end();
    };
    const connection = {} as ProviderConnection; // the pool never calls it
    return {
      binary,
      connection,
      ended,
      alive: () => true,
      obituary: async () => undefined,
      stop: finish('stop'),
      kill: finish('kill'),
    };
  };
  return {
    pool: new ProviderPool({ maxProviders: 2, idleMs: 60_000, ...options, start }),
    log,
  };
}

const reads: Use = { applies: false };
const applies = (group?: string): Use => ({ applies: true, group });
const lease = (pool: ProviderPool, name: string, use: Use = reads, timeoutMs = 1_000) =>
  pool.lease(session(name), use, timeoutMs);

describe('provider pool', () => {
  it('shares one process between calls of one session, also while it starts', async () => {
    const { pool, log } = aPool();
    const [first, second] = await Promise.all([lease(pool, 'a'), lease(pool, 'a')]);
    assert.equal(first?.process, second?.process);
    assert.deepEqual(log, ['start a1']);
    await pool.close();
  });

  it('keeps sessions apart by configuration and by environment', async () => {
    const { pool, log } = aPool({ maxProviders: 3 });
    await lease(pool, 'a');
    await lease(pool, 'b');
    await pool.lease(session('a', { TOKEN: 'x' }), reads, 1_000);
    assert.deepEqual(log, ['start a1', 'start b2', 'start a3']);
    await pool.close();
  });

  it('keeps sessions apart by the content and the path of their files', async () => {
    const { pool, log } = aPool({ maxProviders: 4 });
    const of = (files: Record<string, Buffer>) => pool.lease({ ...session('a'), files }, reads, 1_000);
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    await of({ key: a, other: b });
    await of({ other: b, key: Buffer.from('a') });
    assert.deepEqual(log, ['start a1']);
    await of({ key: b, other: b });
    await of({ keys: a, other: b });
    await of({});
    assert.deepEqual(log, ['start a1', 'start a2', 'start a3', 'start a4']);
    await pool.close();
  });

  it('never applies two changes in one process', async () => {
    const { pool } = aPool();
    const first = await lease(pool, 'a', applies());
    const read = await lease(pool, 'a');
    const second = await lease(pool, 'a', applies());
    assert.equal(read.process, first.process);
    assert.notEqual(second.process, first.process);
    first.release('keep');
    second.release('keep');
    const third = await lease(pool, 'a', applies());
    assert.ok([first.process, second.process].includes(third.process));
    await pool.close();
  });

  it('applies changes of one group in one process, and those of another group in another', async () => {
    const { pool } = aPool({ maxProviders: 3 });
    const first = await lease(pool, 'a', applies('set'));
    const second = await lease(pool, 'a', applies('set'));
    const other = await lease(pool, 'a', applies('other set'));
    const alone = await lease(pool, 'a', applies());
    assert.equal(second.process, first.process);
    assert.equal(new Set([first, other, alone].map(({ process }) => process)).size, 3);
    await pool.close();
  });

  it('begins no other change where one is being stopped', async () => {
    const { pool } = aPool();
    const first = await lease(pool, 'a', applies('set'));
    first.keepToItself();
    const second = await lease(pool, 'a', applies('set'));
    assert.notEqual(second.process, first.process);
    await pool.close();
  });

  it('kills what cannot be trusted when the last change in it is at its end', async () => {
    const { pool, log } = aPool();
    const [first, second] = [await lease(pool, 'a', applies('set')), await lease(pool, 'a', applies('set'))];
    first.release('discard');
    assert.deepEqual(log, ['start a1']);
    await lease(pool, 'a', applies('set'));
    second.release('keep');
    assert.deepEqual(log, ['start a1', 'start a2', 'kill a1']);
    await pool.close();
  });

  it('stops the process that was idle longest to make room', async () => {
    const { pool, log } = aPool();
    (await lease(pool, 'a')).release('keep');
    await delay(5);
    (await lease(pool, 'b')).release('keep');
    await lease(pool, 'c');
    assert.deepEqual(log.toSorted(), ['start a1', 'start b2', 'start c3', 'stop a1']);
    await pool.close();
  });

  it('waits for a process when all are busy, and then says so', async () => {
    const { pool } = aPool({ maxProviders: 1 });
    const first = await lease(pool, 'a');
    await assert.rejects(lease(pool, 'b', reads, 20), /all 1 provider processes are busy/);
    const waiting = lease(pool, 'b');
    first.release('keep');
    assert.notEqual((await waiting).process, first.process);
    await pool.close();
  });

  it('stops what is idle for long, but not what is in use again', async () => {
    const { pool, log } = aPool({ idleMs: 40 });
    (await lease(pool, 'a')).release('keep');
    const again = await lease(pool, 'a');
    await delay(80);
    assert.deepEqual(log, ['start a1']);
    again.release('keep');
    await delay(80);
    assert.deepEqual(log, ['start a1', 'stop a1']);
    await pool.close();
  });

  it('stops what has served many calls as soon as nobody uses it', async () => {
    const { pool, log } = aPool({ maxCalls: 2 });
    const [first, second] = [await lease(pool, 'a'), await lease(pool, 'a')];
    first.release('keep');
    const third = await lease(pool, 'a');
    assert.equal(third.process, second.process);
    second.release('keep');
    third.release('keep');
    await lease(pool, 'a');
    assert.deepEqual(log.toSorted(), ['start a1', 'start a2', 'stop a1']);
    await pool.close();
  });

  it('kills what cannot be trusted and starts another', async () => {
    const { pool, log } = aPool();
    (await lease(pool, 'a')).release('discard');
    await lease(pool, 'a');
    assert.deepEqual(log, ['start a1', 'kill a1', 'start a2']);
    await pool.close();
  });

  it('forgets a process that ended by itself', async () => {
    const { pool, log } = aPool();
    const first = await lease(pool, 'a');
    await first.process.kill();
    first.release('keep');
    await lease(pool, 'a');
    assert.deepEqual(log, ['start a1', 'kill a1', 'start a2']);
    await pool.close();
  });

  it('passes on why a process would not start, and keeps no room for it', async () => {
    const { pool } = aPool({ maxProviders: 1, failing: true });
    await assert.rejects(lease(pool, 'a'), /would not start/);
    await assert.rejects(lease(pool, 'b'), /would not start/);
    await pool.close();
  });

  it('stops everything when it is closed, and starts nothing more', async () => {
    const { pool, log } = aPool();
    await lease(pool, 'a');
    await pool.close();
    assert.deepEqual(log, ['start a1', 'stop a1']);
    await assert.rejects(lease(pool, 'a'), /stopping/);
  });
});
