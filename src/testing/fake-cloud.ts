import type { Executor } from '../executor/index.ts';
import {
  decodeValue,
  encodeValue,
  impliedType,
  nullValue,
  type ProviderBinary,
  type ProviderCatalogue,
  type Value,
  type ValueMap,
  unknown,
} from '../providers/index.ts';
import { AppError } from '../shared/errors.ts';
import type { Problem } from '../shared/problems.ts';
import { aBlock, anAttribute } from './schemas.ts';

/** The one resource type of the fake provider: `name` forces a replacement, `password` is secret, `pin` write-only. */
const thing = aBlock([
  anAttribute('id', 'computed'),
  anAttribute('name', 'required'),
  anAttribute('size', 'optional', 'number'),
  anAttribute('password', 'optional', 'string', { sensitive: true }),
  anAttribute('pin', 'optional', 'string', { writeOnly: true }),
]);
const thingType = impliedType(thing);

export const fakeBinary: ProviderBinary = {
  address: 'acme/fake',
  version: '1.2.3',
  path: '/nowhere/terraform-provider-fake',
  sha256: 'f'.repeat(64),
};

type CallName = 'validate' | 'plan' | 'apply' | 'read' | 'import' | 'upgrade';

/** What a call does instead of what it should: throw, or answer with these. */
export type Fault = (call: { name: CallName; prior: Value; planned: Value }) => Promise<FaultAnswer | undefined>;

export interface FaultAnswer {
  readonly problems?: Problem[];
  /** What a plan or an apply answers with. */
  readonly state?: Value;
  /** The provider declares that it cannot keep the contract. */
  readonly legacy?: boolean;
}

/** A provider process and the cloud behind it, in memory: what really exists, and every call that was made. */
export interface FakeCloud {
  readonly objects: Map<string, ValueMap>;
  readonly calls: CallName[];
  readonly cancelled: string[];
  readonly executor: Executor;
  readonly providers: ProviderCatalogue;
  fault: Fault | undefined;
  /** Hash of the provider's program. */
  sha256: string;
  /** Ids known when planned: then an interrupted creation can be found again. */
  plansIds: boolean;
}

export function fakeCloud(): FakeCloud {
  const cloud: FakeCloud = {
    objects: new Map(),
    calls: [],
    cancelled: [],
    fault: undefined,
    plansIds: false,
    executor: unbuilt(),
    providers: fakeCatalogue(() => cloud),
    sha256: fakeBinary.sha256,
  };
  return Object.assign(cloud, { executor: fakeExecutor(cloud) });
}

/** The provider is gone in the middle of a call. */
export function providerCrash(mayHaveActed: boolean): AppError {
  return new AppError('PROVIDER_FAILED', 'provider acme/fake 1.2.3 exited with code 2', { details: { mayHaveActed } });
}

function fakeCatalogue(cloud: () => FakeCloud): ProviderCatalogue {
  return {
    search: () => Promise.resolve([]),
    versions: () => Promise.resolve([fakeBinary.version]),
    resolve: () => Promise.resolve({ ...fakeBinary, sha256: cloud().sha256 }),
    documentation: () => Promise.reject(new AppError('NO_SUCH', 'no such documentation: the cloud is a fake')),
  };
}

function fakeExecutor(cloud: FakeCloud): Executor {
  const answer = async (name: CallName, prior: Value = null, planned: Value = null): Promise<FaultAnswer> => {
    cloud.calls.push(name);
    return (await cloud.fault?.({ name, prior, planned })) ?? {};
  };
  return {
    isolation: 'none',
    ...schemaCalls,
    validateProviderConfig: () => Promise.resolve({ problems: [] }),
    validateResource: async () => ({ problems: [], ...(await answer('validate')) }),
    validateDataSource: async () => ({ problems: [], ...(await answer('validate')) }),
    plan: async (_session, { prior, proposed }) => {
      const before = decode(prior);
      const fault = await answer('plan', before);
      return {
        planned: encode(fault.state ?? planOf(cloud, before, decode(proposed))),
        requiresReplace: [['name']],
        plannedPrivate: Buffer.from('planned'),
        legacyTypeSystem: fault.legacy ?? false,
        problems: fault.problems ?? [],
      };
    },
    apply: async (_session, { prior, planned, plannedPrivate }) => {
      const fault = await answer('apply', decode(prior), decode(planned));
      const { problems = [], legacy: legacyTypeSystem = false } = fault;
      if (fault.problems !== undefined)
        return { state: stateOf(fault), private: plannedPrivate, legacyTypeSystem, problems };
      const state = fault.state === undefined ? applyTo(cloud, decode(prior), decode(planned)) : fault.state;
      return { state: encode(state), private: Buffer.from('applied'), legacyTypeSystem, problems };
    },
    read: async (_session, request) => {
      await answer('read');
      const found = cloud.objects.get(idOf(decode(request.state)));
      return { state: encode(found ?? null), private: request.private, problems: [] };
    },
    importResource: async (_session, { id, type }) => {
      await answer('import');
      const found = cloud.objects.get(id);
      const imported = found === undefined ? [] : [{ type, state: encode(found), private: new Uint8Array() }];
      return { imported, problems: [] };
    },
    upgradeState: async (_session, { stateJson }) => {
      const fault = await answer('upgrade');
      const state = cloud.objects.get(/"id":"([^"]*)"/.exec(stateJson)?.[1] ?? '') ?? null;
      return { state: encode(state), problems: fault.problems ?? [] };
    },
    readDataSource: (_session, { config }) => Promise.resolve({ state: config, problems: [] }),
    cancel: (operation) => {
      cloud.cancelled.push(operation);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

const schemaCalls: Pick<Executor, 'readSchema' | 'streamSchema'> = {
  readSchema: () => Promise.reject(new Error('schemas are read in parts')),
  streamSchema: async (_binary, onPart) => {
    const schema = { version: 0, block: thing };
    await onPart({
      kind: 'provider',
      block: aBlock([]),
      serverCapabilities: { planDestroy: true, schemaOptional: true, moveState: false },
    });
    await onPart({ kind: 'resource', type: 'fake_thing', schema });
    await onPart({ kind: 'dataSource', type: 'fake_thing', schema });
  },
};

function planOf(cloud: FakeCloud, prior: Value, proposed: Value): Value {
  if (!(proposed instanceof Map)) return null;
  const wanted: ValueMap = proposed;
  const id = prior === null ? (cloud.plansIds ? `id-${text(wanted.get('name'))}` : unknown) : idOf(prior);
  return new Map([...wanted, ['id', id]]);
}

function applyTo(cloud: FakeCloud, prior: Value, planned: Value): Value {
  if (!(planned instanceof Map)) {
    cloud.objects.delete(idOf(prior));
    return null;
  }
  const wanted: ValueMap = planned;
  const id = prior === null ? `id-${text(wanted.get('name'))}` : idOf(prior);
  const made = new Map([...wanted, ['id', id]]);
  cloud.objects.set(id, made);
  return made;
}

function stateOf({ state }: FaultAnswer): Uint8Array | undefined {
  return state === undefined ? undefined : encode(state);
}

function idOf(value: Value): string {
  return value instanceof Map ? text(value.get('id')) : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function encode(value: Value): Uint8Array {
  return value === null ? nullValue : encodeValue(value, thingType);
}

function decode(bytes: Uint8Array): Value {
  return decodeValue(bytes, thingType);
}

function unbuilt(): Executor {
  return {} as Executor;
}
