import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { conform, decodeValue, encodeValue, impliedType, nullValue, type SchemaPart } from '../providers/index.ts';
import { valueToPlain } from '../providers/index.ts';
import { AppError } from '../shared/errors.ts';
import { sandboxBinary } from '../testing/provider-bench.ts';
import { configureProvider, validateConfiguration } from './configure-provider.ts';
import type { ProviderSession } from './executor.ts';
import { ProviderPool } from './provider-pool.ts';
import { type ProcessSettings, startProvider } from './provider-process.ts';
import { readSchema } from './read-schema.ts';
import { SessionCalls } from './session-calls.ts';

// What runs inside the executor's process, here without that process.
describe('calls of a session', () => {
  const started: number[] = [];
  const ended: number[] = [];
  let folder: string;
  let settings: ProcessSettings;
  let session: ProviderSession;
  let pool: ProviderPool;
  let calls: SessionCalls;
  const parts = new Map<string, SchemaPart>();
  const type = 'sandbox_pet';
  const timeoutMs = 15_000;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-calls-'));
    const onStart = (pid: number) => void started.push(pid);
    const onEnd = (pid: number) => void ended.push(pid);
    const folders = { socketDir: folder, workDir: folder, isolated: false };
    settings = { ...folders, maxMessageBytes: 4e6, startTimeoutMs: timeoutMs, onStart, onEnd };
    await readSchema({ binary: sandboxBinary(), environment: {}, timeoutMs }, settings, async (part) => {
      parts.set(part.kind === 'provider' ? 'provider' : `${part.kind} ${part.type}`, part);
    });
    session = { binary: sandboxBinary(), configuration: encodeValue(null, 'dynamic'), environment: {} };
    const provider = parts.get('provider');
    assert.ok(provider?.kind === 'provider');
    session = {
      ...session,
      configuration: encodeValue(conform({}, provider.block).value, impliedType(provider.block)),
    };
    pool = new ProviderPool({
      maxProviders: 2,
      idleMs: 60_000,
      start: async (wanted) => {
        const started = await startProvider(wanted, settings);
        await configureProvider(started, wanted, timeoutMs);
        return started;
      },
    });
    calls = new SessionCalls(pool, timeoutMs);
  });
  after(async () => {
    await pool.close();
    assert.deepEqual(new Set(ended), new Set(started));
    await rm(folder, { recursive: true });
  });

  function block(name: string) {
    const part = parts.get(name);
    assert.ok(part !== undefined && part.kind !== 'provider');
    return part.schema.block;
  }

  const options = { operationId: undefined, timeoutMs };
  const pet = () => impliedType(block('resource sandbox_pet'));
  const petConfig = () => encodeValue(conform({ length: 3 }, block('resource sandbox_pet')).value, pet());

  it('know the schema part by part', () => {
    assert.ok(parts.has('resource sandbox_file'));
    assert.ok(parts.size >= 5);
  });

  it('validate, plan, apply, read and upgrade', async () => {
    const config = petConfig();
    assert.deepEqual(await calls.run(session, { name: 'validateResource', request: { type, config } }, options), {
      problems: [],
    });
    const plan = { type, prior: nullValue, proposed: config, config, priorPrivate: new Uint8Array() };
    const planned = await calls.run(session, { name: 'plan', request: plan }, options);
    assert.ok(isAnswer(planned) && planned.planned !== undefined);
    const apply = { type, prior: nullValue, planned: planned.planned, config, plannedPrivate: new Uint8Array() };
    const applied = await calls.run(session, { name: 'apply', request: apply }, options);
    assert.ok(isAnswer(applied) && applied.state !== undefined);
    const read = await calls.run(
      session,
      { name: 'read', request: { type, state: applied.state, private: new Uint8Array() } },
      options,
    );
    assert.ok(isAnswer(read) && read.state !== undefined);
    assert.deepEqual(valueToPlain(decodeValue(read.state, pet())), valueToPlain(decodeValue(applied.state, pet())));
    const upgrade = { type, version: 1, stateJson: '{"id":"a-b","length":2}' };
    assert.ok(isAnswer(await calls.run(session, { name: 'upgradeState', request: upgrade }, options)));
    const found = await calls.run(session, { name: 'importResource', request: { type, id: 'a-b' } }, options);
    assert.ok(typeof found === 'object' && found !== null && 'imported' in found);
  });

  it('read data sources', async () => {
    const [name, part] = [...parts].find(([key]) => key.startsWith('dataSource ')) ?? assert.fail('none is offered');
    assert.ok(part.kind === 'dataSource');
    const { block: data } = part.schema;
    const json = Object.fromEntries(data.attributes.filter(({ required }) => required).map((each) => [each.name, 'x']));
    const request = { type: part.type, config: encodeValue(conform(json, data).value, impliedType(data)) };
    assert.ok(await calls.run(session, { name: 'validateDataSource', request }, options), name);
    assert.ok(await calls.run(session, { name: 'readDataSource', request }, options), name);
  });

  it('do not begin when the operation was cancelled while it waited', async () => {
    const other = { ...session, environment: { SLUICE_SANDBOX_ROOT: folder } }; // a process that has to start first
    const request = { type, config: petConfig() };
    const waiting = calls.run(other, { name: 'validateResource', request }, { operationId: 'op', timeoutMs });
    await calls.cancel('op');
    await assert.rejects(waiting, (error) => error instanceof AppError && error.code === 'CONFLICT');
    await calls.cancel('no such operation');
  });

  it('say what the provider thinks of a configuration', async () => {
    assert.deepEqual(await validateConfiguration(session, settings, timeoutMs), { problems: [] });
  });
});

interface Answer {
  readonly planned?: Uint8Array;
  readonly state?: Uint8Array;
}

function isAnswer(answer: unknown): answer is Answer {
  return typeof answer === 'object' && answer !== null && ('planned' in answer || 'state' in answer);
}
