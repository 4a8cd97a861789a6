import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type CallOptions, type Executor, type ProviderSession, startExecutor } from '../executor/index.ts';
import {
  type ApplyAnswer,
  builtInAddress,
  builtInVersion,
  conform,
  type CtyType,
  decodeValue,
  encodeValue,
  impliedType,
  isValueMap,
  nullValue,
  type PlanAnswer,
  type ProviderBinary,
  type ProviderSchema,
  type ResourceSchema,
  Unknown,
  type Value,
  valueToPlain,
} from '../providers/index.ts';
import { proposeNew } from '../intent/merge/propose-new.ts';
import { executableSha256 } from '../providers/provider-binary.ts';
import { invariant } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';

export interface BenchOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** The provider's own configuration. */
  readonly configuration?: Json;
  readonly callTimeoutMs?: number;
  readonly maxProviders?: number;
  /** Namespaces where the machine permits them, as in a server; what is in the bench's folder is open to providers. */
  readonly isolation?: 'auto' | 'namespace' | 'none';
  /** Further folders that providers may read. */
  readonly readable?: readonly string[];
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

/** An object as it was left by an earlier change. */
export interface Past {
  readonly state: Uint8Array;
  readonly private: Uint8Array;
}

/** The object that a change made; fails the test when there is none. */
export function madeBy(answer: ApplyAnswer): Past {
  const errors = answer.problems.filter(({ severity }) => severity === 'error');
  if (answer.state === undefined || errors.length > 0) throw new Error(`nothing was made: ${JSON.stringify(errors)}`);
  return { state: answer.state, private: answer.private };
}

/** A provider under a real executor, driven in JSON: what a test of an engine needs. Close it after use. */
export class ProviderBench {
  readonly executor: Executor;
  readonly binary: ProviderBinary;
  readonly schema: ProviderSchema;
  readonly session: ProviderSession;
  readonly folder: string;

  private constructor(executor: Executor, schema: ProviderSchema, session: ProviderSession, folder: string) {
    this.executor = executor;
    this.schema = schema;
    this.session = session;
    this.binary = session.binary;
    this.folder = folder;
  }

  static async open(binary: ProviderBinary, options: BenchOptions = {}): Promise<ProviderBench> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    if (options.runAs !== undefined) await chmod(folder, 0o711); // the other user must get through to the working folder
    const executor = await startExecutor({
      maxProviders: options.maxProviders ?? 4,
      idleMs: 60_000,
      callTimeoutMs: options.callTimeoutMs ?? 20_000,
      socketDir: join(folder, 'sockets'),
      workDir: join(folder, 'work'),
      logger: silentLogger,
      isolation: {
        wish: options.isolation ?? 'auto',
        readable: options.readable ?? [],
        writable: [folder],
        hidden: [],
      },
      ...(options.runAs === undefined ? {} : { runAs: options.runAs }),
    });
    try {
      const schema = await executor.readSchema(binary);
      const session = sessionFor(binary, schema, options);
      return new ProviderBench(executor, schema, session, folder);
    } catch (error) {
      await executor.close();
      throw error;
    }
  }

  /** The same provider with another environment: a process of its own. */
  with(environment: Readonly<Record<string, string>>): ProviderSession {
    return { ...this.session, environment };
  }

  type(name: string): CtyType {
    return impliedType(this.resource(name).block);
  }

  resource(name: string): ResourceSchema {
    const schema = this.schema.resources[name];
    if (schema === undefined) throw new Error(`the provider has no type ${name}`);
    return schema;
  }

  config(name: string, json: Json): Uint8Array {
    const { value, problems } = conform(json, this.resource(name).block);
    if (problems.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(problems));
    return encodeValue(value, this.type(name));
  }

  decode(name: string, bytes: Uint8Array | undefined): Value {
    return bytes === undefined ? null : decodeValue(bytes, this.type(name));
  }

  plain(name: string, bytes: Uint8Array | undefined): Json {
    return valueToPlain(this.decode(name, bytes));
  }

  /** Plans a create; the config stands in for the proposed state, as it is for objects without a past. */
  async planCreate(name: string, json: Json, session = this.session, call?: CallOptions): Promise<PlanAnswer> {
    const config = this.config(name, json);
    const request = { type: name, prior: nullValue, proposed: config, config, priorPrivate: new Uint8Array() };
    return this.executor.plan(session, request, call);
  }

  async applyCreate(
    name: string,
    json: Json,
    plan: PlanAnswer,
    session = this.session,
    call?: CallOptions,
  ): Promise<ApplyAnswer> {
    const { planned, plannedPrivate } = plan;
    const request = { type: name, prior: nullValue, planned, config: this.config(name, json), plannedPrivate };
    return this.executor.apply(session, request, call);
  }

  async create(name: string, json: Json, session = this.session, call?: CallOptions): Promise<ApplyAnswer> {
    return this.applyCreate(name, json, await this.planCreate(name, json, session, call), session, call);
  }

  /** Plans a change of an object that is there; the proposed state is merged as an engine does. */
  async planUpdate(name: string, json: Json, past: Past, session = this.session): Promise<PlanAnswer> {
    const { block } = this.resource(name);
    const { value } = conform(json, block);
    const proposed = encodeValue(proposeNew(block, this.decode(name, past.state), value), this.type(name));
    const request = {
      type: name,
      prior: past.state,
      proposed,
      config: this.config(name, json),
      priorPrivate: past.private,
    };
    return this.executor.plan(session, request);
  }

  async update(name: string, json: Json, past: Past, session = this.session): Promise<ApplyAnswer> {
    const { planned, plannedPrivate } = await this.planUpdate(name, json, past, session);
    const request = { type: name, prior: past.state, planned, config: this.config(name, json), plannedPrivate };
    return this.executor.apply(session, request);
  }

  async close(): Promise<void> {
    await this.executor.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function sessionFor(binary: ProviderBinary, schema: ProviderSchema, options: BenchOptions): ProviderSession {
  const { value } = conform(options.configuration ?? {}, schema.provider);
  return {
    binary,
    configuration: encodeValue(value, impliedType(schema.provider)),
    environment: options.environment ?? {},
    schemaOptional: schema.serverCapabilities.schemaOptional,
  };
}

/** A provider by the file it is started by. */
export async function binaryAt(path: string, address: string, version: string): Promise<ProviderBinary> {
  return { address, version, path, sha256: await executableSha256(path) };
}

/** The sandbox provider, as it lies in this repository. */
export function sandboxBinary(): ProviderBinary {
  const path = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));
  const sha256 = '0'.repeat(64); // a provider that is part of this program has no file to be checked
  return { address: builtInAddress, version: builtInVersion, path, sha256, command: [process.execPath, path] };
}

/** Names of the attributes that are unknown. */
export function unknownNames(value: Value): string[] {
  invariant(isValueMap(value), 'an object has attributes');
  return [...value]
    .filter(([, part]) => part instanceof Unknown)
    .map(([name]) => name)
    .toSorted();
}

/** A member of a JSON object; null where there is none. */
export function member(json: Json, name: string): Json {
  return isJsonObject(json) ? (json[name] ?? null) : null;
}
