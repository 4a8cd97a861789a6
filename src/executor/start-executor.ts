import { rm } from 'node:fs/promises';

import { AppError } from '../shared/errors.ts';
import type { ProviderBinary, ProviderSchema, ResourceSchema, SchemaBlock, SchemaPart } from '../providers/index.ts';
import type { CallOptions, Executor, ExecutorOptions, ProviderSession } from './executor.ts';
import { type ExecutorFolders, makeExecutorFolders } from './executor-folders.ts';
import { chooseIsolation } from './isolation/choose-isolation.ts';
import type { ExecutorWorld } from './isolation/executor-world.ts';
import { ExecutorProcess, type ProcessOptions, type Request } from './executor-process.ts';
import type { AnswerOf, SessionCall, SessionRequest } from './messages.ts';
import { GivenSecrets } from './given-secrets.ts';
import { providerFailed } from './provider-failure.ts';
import { withoutSecrets } from './without-secrets.ts';

const SCHEMA_TIMEOUT_MS = 120_000; // the largest providers take half a minute on a slow machine
const READY_TIMEOUT_MS = 30_000;

const START_TIMEOUT_MS = 60_000; // for each step of a provider's start; large ones take seconds on a busy machine
const OTHER_CALL_TIMEOUT_MS = 300_000; // only an apply may take as long as it takes to build something

// Every wait inside the executor has a limit: for a free process, its handshake, its schema and its configuration, then
// the call and what it may take to stop. Beyond their sum it is stuck itself and is replaced.
const STUCK_SLACK_MS = 4 * START_TIMEOUT_MS + 30_000;

/** Starts the executor's process and waits until it can be used. It is started anew whenever it dies. */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const host = await ExecutorHost.open(options);
  return {
    isolation: host.isolation,
    readSchema: (binary, environment) => collectSchema((onPart) => host.streamSchema(binary, onPart, environment)),
    streamSchema: (binary, onPart, environment) => host.streamSchema(binary, onPart, environment),
    validateProviderConfig: (session, call) => host.validateProvider(session, call),
    validateResource: (session, request, call) => host.call(session, { name: 'validateResource', request }, call),
    validateDataSource: (session, request, call) => host.call(session, { name: 'validateDataSource', request }, call),
    plan: (session, request, call) => host.call(session, { name: 'plan', request }, call),
    apply: (session, request, call) => host.call(session, { name: 'apply', request }, call),
    read: (session, request, call) => host.call(session, { name: 'read', request }, call),
    importResource: (session, request, call) => host.call(session, { name: 'importResource', request }, call),
    upgradeState: (session, request, call) => host.call(session, { name: 'upgradeState', request }, call),
    readDataSource: (session, request, call) => host.call(session, { name: 'readDataSource', request }, call),
    cancel: (operationId) => host.cancel(operationId),
    close: () => host.close(),
  };
}

type CallRequest = Extract<Request, { kind: 'call' | 'validateProvider' }>;

/** Keeps one executor process alive and passes calls to it. */
class ExecutorHost {
  private readonly options: ExecutorOptions;
  private readonly sockets: string;
  private readonly world: ExecutorWorld | undefined;
  private readonly processOptions: ProcessOptions;
  private current: ExecutorProcess;
  /** The one that is known to be ready. */
  private readied: ExecutorProcess | undefined;
  private readonly given = new GivenSecrets();
  private closed = false;

  private constructor(options: ExecutorOptions, folders: ExecutorFolders, world: ExecutorWorld | undefined) {
    this.world = world;
    this.options = options;
    this.sockets = folders.sockets;
    const { maxProviders, idleMs, runAs, logger } = options;
    const { sockets: socketDir, work: workDir } = folders;
    const settings = {
      maxProviders,
      idleMs,
      startTimeoutMs: Math.min(START_TIMEOUT_MS, options.callTimeoutMs),
      socketDir,
      workDir,
      isolated: world !== undefined,
    };
    this.processOptions = { settings, runAs, place: world, logger };
    this.current = new ExecutorProcess(this.processOptions);
  }

  static async open(options: ExecutorOptions): Promise<ExecutorHost> {
    const folders = await makeExecutorFolders(options);
    const { isolation, runAs, logger } = options;
    const { wish, ...visibility } = isolation ?? { wish: 'none', readable: [], writable: [], hidden: [] };
    const world = await chooseIsolation(wish, { visibility, ...folders, runAs }, logger);
    const host = new ExecutorHost(options, folders, world);
    await host.process();
    return host;
  }

  async call<Name extends SessionCall>(
    session: ProviderSession,
    call: Extract<SessionRequest, { name: Name }>,
    options: CallOptions = {},
  ): Promise<AnswerOf<Name>> {
    const timeoutMs = options.timeoutMs ?? this.timeoutOf(call.name);
    const { secrets: _, ...sent } = session;
    const { operationId, group } = options;
    const request = { kind: 'call', session: sent, call, operationId, group, timeoutMs } as const;
    return parseAnswer<Name>(await this.quietly(session, () => this.ask(request, session.binary, call.name)));
  }

  async validateProvider(
    session: ProviderSession,
    options: CallOptions = {},
  ): ReturnType<Executor['validateProviderConfig']> {
    const timeoutMs = options.timeoutMs ?? this.timeoutOf('validateProvider');
    const { secrets: _, ...sent } = session;
    const request = { kind: 'validateProvider', session: sent, timeoutMs } as const;
    const ask = () => this.ask(request, session.binary, 'validateProviderConfig');
    return parseAnswer<'validateResource'>(await this.quietly(session, ask));
  }

  /** In an executor process of its own: the memory that a large schema takes goes with it. */
  async streamSchema(...[binary, onPart, environment = {}]: Parameters<Executor['streamSchema']>): Promise<void> {
    this.refuseWhenClosed();
    const reader = new ExecutorProcess(this.processOptions);
    try {
      await whenReady(reader);
      const request = { kind: 'schema', binary, environment, timeoutMs: SCHEMA_TIMEOUT_MS } as const;
      await reader.ask(request, () => executorGone(binary, 'reading its schema'), onPart);
    } finally {
      await reader.close();
    }
  }

  async cancel(operationId: string): Promise<void> {
    if (!this.current.isAlive()) return; // whatever it did has ended with it
    await this.current.ask({ kind: 'cancel', operationId }, () => new AppError('UNAVAILABLE', 'the executor is gone'));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.current.close();
    await Promise.all([rm(this.sockets, { recursive: true, force: true }), this.world?.remove()]);
  }

  get isolation(): Executor['isolation'] {
    if (this.world !== undefined) return 'namespace';
    return this.options.runAs === undefined ? 'none' : 'uid';
  }

  private quietly({ binary, secrets = [] }: ProviderSession, ask: () => Promise<unknown>): Promise<unknown> {
    this.given.add(binary, secrets);
    return withoutSecrets(secrets, ask, () => this.given.of(binary));
  }

  private timeoutOf(call: string): number {
    const { callTimeoutMs } = this.options;
    return call === 'apply' ? callTimeoutMs : Math.min(callTimeoutMs, OTHER_CALL_TIMEOUT_MS);
  }

  private async ask(request: CallRequest, binary: ProviderBinary, call: string): Promise<unknown> {
    const executor = await this.process();
    const stuck = setTimeout(() => executor.kill(), request.timeoutMs + STUCK_SLACK_MS);
    return executor.ask(request, () => executorGone(binary, call)).finally(() => clearTimeout(stuck));
  }

  private async process(): Promise<ExecutorProcess> {
    this.refuseWhenClosed();
    if (!this.current.isAlive()) {
      this.options.logger.warn({}, 'the executor died; starting another');
      this.current = new ExecutorProcess(this.processOptions);
    }
    const { current } = this;
    if (this.readied !== current) await whenReady(current);
    this.readied = current;
    return current;
  }

  private refuseWhenClosed(): void {
    if (this.closed) throw new AppError('UNAVAILABLE', 'the executor is stopped');
  }
}

async function whenReady(executor: ExecutorProcess): Promise<void> {
  const timer = setTimeout(() => executor.kill(), READY_TIMEOUT_MS);
  const ready = await Promise.race([executor.ready.then(() => true), executor.ended.then(() => false)]);
  clearTimeout(timer);
  if (!ready)
    throw new AppError('UNAVAILABLE', 'the executor could not be started; the log says why. Nothing was done');
}

function executorGone(binary: ProviderBinary, call: string): AppError {
  const happened = `was lost during ${call}, since the process that runs providers died`;
  return providerFailed(binary, happened, { mayHaveActed: call === 'apply' });
}

// Both ends of the channel are ours, and the call's name says what its answer is.
function parseAnswer<Name extends SessionCall>(answer: unknown): AnswerOf<Name> {
  return answer as AnswerOf<Name>;
}

async function collectSchema(stream: (onPart: (part: SchemaPart) => void) => Promise<void>): Promise<ProviderSchema> {
  const found: {
    provider: SchemaBlock | undefined;
    serverCapabilities: ProviderSchema['serverCapabilities'] | undefined;
  } = {
    provider: undefined,
    serverCapabilities: undefined,
  };
  const types = { resource: new Map<string, ResourceSchema>(), dataSource: new Map<string, ResourceSchema>() };
  await stream((part) => {
    if (part.kind === 'provider') {
      found.provider = part.block;
      found.serverCapabilities = part.serverCapabilities;
    } else types[part.kind].set(part.type, part.schema);
  });
  return {
    provider: found.provider ?? { attributes: [], blocks: [], description: '', deprecated: false },
    serverCapabilities: found.serverCapabilities ?? { planDestroy: false, schemaOptional: false, moveState: false },
    resources: Object.fromEntries(types.resource),
    dataSources: Object.fromEntries(types.dataSource),
  };
}
