import { AppError } from '../shared/errors.ts';
import type { ProviderConnection } from '../providers/index.ts';
import type { ProviderSession } from './executor.ts';
import type { SessionRequest } from './messages.ts';
import { explainFailure } from './explain-failure.ts';
import type { Lease, ProviderPool, Use } from './provider-pool.ts';
import type { ProviderProcess } from './provider-process.ts';

// After its time-out an apply is asked to stop; for as long again, but no longer than this, it may still answer with
// what it has made.
const MAX_STOP_GRACE_MS = 10_000;
const STOP_CALL_MS = 5_000;

/** How a call is made. */
export interface RunOptions {
  readonly operationId: string | undefined;
  /** Changes of one group may be applied in one process at the same time. */
  readonly group?: string | undefined;
  readonly timeoutMs: number;
}

/** The calls under way, by operation, so that one can be cancelled. */
export class SessionCalls {
  private readonly pool: ProviderPool;
  private readonly maxWaitMs: number;
  private readonly operations = new Map<string, Set<RunningCall>>();
  /** Changes under way in each process. */
  private readonly changes = new Map<ProviderProcess, Set<RunningCall>>();

  /** @param maxWaitMs for a process that is free */
  constructor(pool: ProviderPool, maxWaitMs: number) {
    this.pool = pool;
    this.maxWaitMs = maxWaitMs;
  }

  async run(session: ProviderSession, call: SessionRequest, options: RunOptions): Promise<unknown> {
    const running: RunningCall = { lease: undefined, canceled: false };
    const done = register(this.operations, options.operationId, running);
    try {
      return await this.runRegistered(session, call, options, running);
    } finally {
      done();
    }
  }

  /** Asks the provider that works for the operation to stop; nothing happens when none does. */
  async cancel(operationId: string): Promise<void> {
    const calls = [...(this.operations.get(operationId) ?? [])];
    for (const call of calls) call.canceled = true;
    await Promise.allSettled(calls.map((call) => this.stop(call)));
  }

  private async runRegistered(
    session: ProviderSession,
    call: SessionRequest,
    { group, timeoutMs }: RunOptions,
    running: RunningCall,
  ): Promise<unknown> {
    const use: Use = call.name === 'apply' ? { applies: true, group } : { applies: false };
    const lease = await this.pool.lease(session, use, Math.min(timeoutMs, this.maxWaitMs));
    if (running.canceled) {
      lease.release('keep');
      throw new AppError('CONFLICT', `the operation was cancelled before ${call.name}; nothing was done`);
    }
    running.lease = lease;
    return use.applies ? this.change(lease, call, timeoutMs, running) : callProvider(lease, call, timeoutMs);
  }

  private async change(lease: Lease, call: SessionRequest, timeoutMs: number, running: RunningCall): Promise<unknown> {
    const done = register(this.changes, lease.process, running);
    const timer = setTimeout(() => void this.stop(running).catch(() => {}), timeoutMs);
    try {
      return await callProvider(lease, call, timeoutMs + Math.min(timeoutMs, MAX_STOP_GRACE_MS));
    } finally {
      clearTimeout(timer);
      done();
      if (this.isToStop(lease.process)) void stopWork(lease).catch(() => {});
    }
  }

  /** To stop a process's work meets all changes in it, so it waits until there are none but those that are to stop. */
  private async stop(call: RunningCall): Promise<void> {
    call.canceled = true;
    const { lease } = call;
    if (lease === undefined) return;
    const changes = this.changes.get(lease.process);
    if (changes?.has(call) === true) lease.keepToItself();
    if (changes === undefined || this.isToStop(lease.process)) await stopWork(lease);
  }

  private isToStop(process: ProviderProcess): boolean {
    const changes = this.changes.get(process);
    return changes?.values().every(({ canceled }) => canceled) === true;
  }
}

interface RunningCall {
  lease: Lease | undefined;
  canceled: boolean;
}

function register<Key>(all: Map<Key, Set<RunningCall>>, key: Key | undefined, call: RunningCall): () => void {
  if (key === undefined) return () => {};
  const calls = all.get(key) ?? new Set();
  all.set(key, calls.add(call));
  return () => {
    calls.delete(call);
    if (calls.size === 0) all.delete(key);
  };
}

function stopWork({ process }: Lease): Promise<void> {
  return process.connection.stop({ timeoutMs: STOP_CALL_MS });
}

async function callProvider(lease: Lease, call: SessionRequest, timeoutMs: number): Promise<unknown> {
  try {
    const answer = await dispatch(lease.process.connection, call, timeoutMs);
    lease.release('keep');
    return answer;
  } catch (error) {
    const failure = await explainFailure(lease.process, call.name, error, call.name === 'apply');
    lease.release(failure.keeps ? 'keep' : 'discard');
    throw failure.error;
  }
}

function dispatch(connection: ProviderConnection, call: SessionRequest, timeoutMs: number): Promise<unknown> {
  const limits = { timeoutMs };
  switch (call.name) {
    case 'validateResource':
      return connection.validateResource(call.request, limits);
    case 'validateDataSource':
      return connection.validateDataSource(call.request, limits);
    case 'plan':
      return connection.plan(call.request, limits);
    case 'apply':
      return connection.apply(call.request, limits);
    case 'read':
      return connection.read(call.request, limits);
    case 'importResource':
      return connection.importResource(call.request, limits);
    case 'upgradeState':
      return connection.upgradeState(call.request, limits);
    case 'readDataSource':
      return connection.readDataSource(call.request, limits);
  }
}
