import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { Executor, ProviderSession } from '../../executor/index.ts';
import type { SessionRequest } from '../../executor/messages.ts';
import { ProviderPool } from '../../executor/provider-pool.ts';
import type { ProviderProcess } from '../../executor/provider-process.ts';
import { configureProvider } from '../../executor/configure-provider.ts';
import { SessionCalls } from '../../executor/session-calls.ts';
import { type CtyType, CtyNumber, decodeValue, Dynamic, isValueList, isValueMap } from '../../providers/index.ts';
import { nullValue, type ProviderConnection, Unknown, type Value } from '../../providers/index.ts';
import { isDeceiving } from '../../shared/deceiving-text.ts';
import { AppError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Problem } from '../../shared/problems.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { createRandom, type Random } from '../../testing/campaign.ts';
import { everything, everythingType, hostileConnection } from '../../testing/fuzz/hostile-provider.ts';
import { honestValue } from '../../testing/fuzz/hostile-value.ts';
import { openObject, packState, shownOf } from '../journal/object-store.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { applyChange } from './apply-change.ts';
import { checkConfig } from './check-config.ts';
import { type LoadedType, loadedType } from './loaded-type.ts';
import { type KnownObject, nothing, planChange } from './plan-change.ts';
import { importObject, readDataSource, readObject } from './read-object.ts';

const binary = { address: 'acme/hostile', version: '1.0.0', path: '/nowhere', sha256: 'a'.repeat(64) };
const loaded: LoadedType = loadedType(
  'acme_thing',
  {
    version: 0,
    block: everything,
    identity: {
      version: 0,
      attributes: ['name', 'region'].map((name) => ({ name, type: 'string' as const, required: true, description: '' })),
    },
  },
  { binary, configuration: { attributes: [], blocks: [], description: '', deprecated: false }, planDestroy: true, schemaOptional: true },
); // prettier-ignore

const MAX_MESSAGE_LENGTH = 500_000;
const RUNS = 150;

describe('answers of a provider that cannot be trusted', () => {
  const refused = new Map<string, number>();

  /** Runs a case for many seeds under both protocols; each ends well or in a clear error. */
  function always(work: (executor: Executor, random: Random) => Promise<boolean>): Promise<number> {
    let well = 0;
    const property = fc.asyncProperty(fc.integer(), fc.constantFrom<(5 | 6)[]>(5, 6), async (seed, protocol) => {
      const random = createRandom(`${seed}`);
      try {
        if (await work(executorOver(await hostileConnection({ random, protocol })), random)) well += 1;
      } catch (error) {
        assertClear(error);
        refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
      }
      assert.deepEqual(Object.keys(Object.prototype), []);
    });
    return fc.assert(property, { numRuns: RUNS }).then(() => well);
  }

  it('to a question about a configuration are problems that can be shown, or a clear error', async () => {
    const accepted = await always(async (executor) => {
      const { warnings } = await checkConfig(executor, loaded, config, 'resource');
      assertProblems(warnings);
      return true;
    });
    assert.ok(accepted > RUNS / 10, String(accepted));
  });

  it('to a plan are a plan of the type, or a clear error', async () => {
    const accepted = await always(async (executor, random) => {
      const prior = random.chance(0.5) ? nothing : aKnown(random);
      const { value } = await checkConfig(honest(executor), loaded, config, 'resource');
      const wanted = { prior, config: random.chance(0.2) ? null : value, tainted: false, call: {} };
      const planned = await planChange(executor, loaded, wanted);
      assertTyped(planned.planned.value, everythingType);
      assertProblems(planned.warnings);
      assert.ok(planned.replacePaths.every((path) => path.length <= 64));
      return true;
    });
    assert.ok(accepted > RUNS / 10, String(accepted));
  });

  it('to an apply leave an object that can be recorded, or nobody knows, which is said', async () => {
    let kept = 0;
    await always(async (executor, random) => {
      const prior = random.chance(0.5) ? nothing : aKnown(random);
      const { value } = await checkConfig(honest(executor), loaded, config, 'resource');
      const planned = random.chance(0.15) ? null : value;
      const change = { prior, config: planned === null ? null : value, planned, plannedPrivate: new Uint8Array(), call: {} };
      const applied = await applyChange(executor, loaded, change).catch((error: unknown) => {
        // whoever records it takes anything but a clear no for a maybe
        assert.ok(error instanceof AppError && error.details['mayHaveActed'] !== false);
        throw error;
      });
      assertTyped(applied.object.value, everythingType);
      assertProblems(applied.problems);
      if (applied.failure !== undefined) assertClear(applied.failure);
      assert.ok(!(applied.tainted && applied.object.value === null));
      assertRecordable(applied.object);
      if (applied.object.value !== null) kept += 1;
      return true;
    });
    assert.ok(kept > RUNS / 10, String(kept));
  }); // prettier-ignore

  it('to a read, an import, a data source are an object of the type, or a clear error', async () => {
    const accepted = await always(async (executor, random) => {
      const call = {};
      const target = { id: 'x', identity: undefined, shown: 'the id "x"' };
      const { value: given } = await checkConfig(honest(executor), loaded, config, 'resource');
      const found = await random.pick([
        () => readObject(executor, loaded, aKnown(random), call),
        async () => ({ object: await openObject(executor, loaded, recordOf(aKnown(random)), call), warnings: [] }),
        () => importObject(executor, loaded, target, call),
        async () => ({ object: { ...nothing, value: await readDataSource(executor, loaded, given, call) }, warnings: [] }),
      ])(); // prettier-ignore
      assertTyped(found.object.value, everythingType);
      assertProblems(found.warnings);
      assertRecordable(found.object);
      return true;
    });
    assert.ok(accepted > RUNS / 10, String(accepted));
  });

  it('to its configuration are a provider that is ready, or a clear error', async () => {
    await always(async (executor, random) => {
      const { problems } = await executor.validateProviderConfig(loaded.session);
      assert.ok(problems.length <= 100);
      const connection = await hostileConnection({ random, protocol: random.pick([5, 6]) });
      await configureProvider(processOf(connection), { ...loaded.session, schemaOptional: false }, 1_000);
      return true;
    });
    assert.ok((refused.get('PROVIDER_REFUSED') ?? 0) > 0 && (refused.get('PROVIDER_FAILED') ?? 0) > 0);
  });
});

const config: Json = {
  name: 'same',
  secret: 'x',
  any: ['a', 1],
  names: ['a', 'x'],
  rules: [{ from: 'a' }, { from: 'x' }],
  labels: { a: { text: 'x' } },
  disk: [{ path: 'a' }],
  port: [{ number: 7 }, { number: 8 }],
  note: { a: { text: 'a' } },
};

/** An object as an honest provider would have made it. */
function aKnown(random: Random): KnownObject {
  for (;;) {
    const value = nullUnknowns(decodeValue(honestValue(random, everythingType), everythingType));
    if (isValueMap(value)) return { value: new Map([...value, ['once', null]]), private: new Uint8Array() };
  }
}

/** As an older program of the provider left it: it has to be upgraded. */
function recordOf(known: KnownObject): ResourceRow {
  const older = { ...loaded, binary: { ...binary, sha256: 'b'.repeat(64) } };
  const row: Partial<ResourceRow> = { state: packState(older, known), private: undefined, schemaVersion: 0 };
  return row as ResourceRow; // nothing else of it is read
}

/** Takes every configuration. */
function honest(executor: Executor): Executor {
  return { ...executor, validateResource: () => Promise.resolve({ problems: [] }) };
}

/** All that stands between a connection and the server: pool, explanation of failures, the way to the other process. */
function executorOver(connection: ProviderConnection): Executor {
  const pool = new ProviderPool({
    maxProviders: 1,
    idleMs: 60_000,
    start: () => Promise.resolve(processOf(connection)),
  });
  const calls = new SessionCalls(pool, 1_000);
  const ask =
    <Name extends SessionRequest['name']>(name: Name) =>
    async (session: ProviderSession, request: Extract<SessionRequest, { name: Name }>['request']) =>
      structuredClone(
        await calls.run(session, { name, request } as SessionRequest, { operationId: undefined, timeoutMs: 1_000 }),
      ) as never; // as the answers that come from the other process
  return {
    isolation: 'none',
    readSchema: () => Promise.reject(new Error('not asked here')),
    streamSchema: () => Promise.resolve(),
    validateProviderConfig: () =>
      connection.validateProvider({ config: nullValue }, { timeoutMs: 1_000 }).catch(() => ({ problems: [] })),
    validateResource: ask('validateResource'),
    validateDataSource: ask('validateDataSource'),
    plan: ask('plan'),
    apply: ask('apply'),
    read: ask('read'),
    importResource: ask('importResource'),
    upgradeState: ask('upgradeState'),
    readDataSource: ask('readDataSource'),
    cancel: () => Promise.resolve(),
    close: () => pool.close(),
  };
}

function processOf(connection: ProviderConnection): ProviderProcess {
  const ended = new Promise<void>(() => {});
  const done = (): Promise<void> => Promise.resolve();
  return {
    binary,
    connection,
    ended,
    alive: () => true,
    obituary: () => Promise.resolve(undefined),
    stop: done,
    kill: done,
  };
}

function assertClear(error: unknown): asserts error is AppError {
  if (!(error instanceof AppError)) throw error;
  assert.match(error.code, /^PROVIDER_(?:FAILED|REFUSED)$/, error.message);
  assertPlain(error.message, MAX_MESSAGE_LENGTH);
  assert.ok(error.message.includes('provider acme/hostile 1.0.0'), error.message);
}

function assertProblems(problems: readonly Problem[]): void {
  assert.ok(problems.length <= 110);
  for (const { severity, summary, detail, path } of problems) {
    assert.ok(severity === 'error' || severity === 'warning');
    assertPlain(summary, 10_000);
    assertPlain(detail, 10_000);
    assert.ok(path.length <= 64, String(path.length));
    for (const step of path) assertPlain(String(step), 10_000);
  }
}

function assertPlain(text: string, maxLength: number): void {
  assert.ok(text.length <= maxLength, `${text.length} characters`);
  assert.ok(!isDeceiving(text.replaceAll(/[\t\n\u200c\u200d]/g, '')), JSON.stringify(text.slice(0, 300)));
}

/** It can be stored, shown and opened again. */
function assertRecordable(object: KnownObject): void {
  if (object.value === null) return;
  assert.ok(packState(loaded, object).length > 0);
  JSON.stringify(shownOf(loaded, object.value));
}

function assertTyped(value: Value, type: CtyType): void {
  if (value === null || value instanceof Unknown) return;
  if (type === 'dynamic') {
    if (value instanceof Dynamic) assertTyped(value.value, value.type);
    else
      assert.ok(
        isValueList(value) || isValueMap(value) || typeof value !== 'object',
        'a bare value in a dynamic place',
      );
  } else if (type === 'number') assert.ok(value instanceof CtyNumber);
  else if (typeof type === 'string') assert.equal(typeof value, type === 'bool' ? 'boolean' : type);
  else if ('object' in type || 'map' in type) assertParts(value, type);
  else {
    assert.ok(isValueList(value));
    const elements = 'tuple' in type ? type.tuple : value.map(() => ('list' in type ? type.list : type.set));
    assert.equal(value.length, elements.length);
    for (const [at, element] of elements.entries()) assertTyped(value[at] ?? null, element);
  }
}

function assertParts(value: Value, type: Extract<CtyType, { object: unknown } | { map: unknown }>): void {
  assert.ok(isValueMap(value));
  if ('map' in type) return value.forEach((part) => assertTyped(part, type.map));
  assert.deepEqual([...value.keys()].toSorted(), Object.keys(type.object).toSorted());
  for (const [name, part] of value) assertTyped(part, type.object[name] ?? assert.fail(name));
}
