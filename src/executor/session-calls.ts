import { AppError } from '../shared/errors.ts';
import type { ProviderConnection } from '../providers/index.ts';
import type { ProviderSession } from './executor.ts';
import type { SessionRequest } from './messages.ts';
import { explainFailure } from './explain-failure.ts';
import type { Lease, ProviderPool } from './provider-pool.ts';

// After its time-out an apply is asked to stop; for as long again, but no longer than this, it may still answer with
// what it has made.
const MAX_STOP_GRACE_MS = 10_000;
const STOP_CALL_MS = 5_000;

/** The calls under way, by operation, so that one can be cancelled. */
export class SessionCalls {
  private readonly pool: ProviderPool;
  private readonly maxWaitMs: number;
  private readonly operations = new Map<string, Set<RunningCall>>();

  /** @param maxWaitMs for a process that is free */
  constructor(pool: ProviderPool, maxWaitMs: number) {
    this.pool = pool;
    this.maxWaitMs = maxWaitMs;
  }

  async run(
    session: ProviderSession,
    call: SessionRequest,
    options: { operationId: string | undefined; timeoutMs: number },
  ): Promise<unknown> {
    const running: RunningCall = { connection: undefined, canceled: false };
    const done = this.register(options.operationId, running);
    try {
      return await this.runRegistered(session, call, options.timeoutMs, running);
    } finally {
      done();
    }
  }

  /** Asks the provider that works for the operation to stop; nothing happens when none does. */
  async cancel(operationId: string): Promise<void> {
    const calls = [...(this.operations.get(operationId) ?? [])];
    for (const call of calls) call.canceled = true;
    await Promise.allSettled(calls.map(async (call) => call.connection?.stop({ timeoutMs: STOP_CALL_MS })));
  }

  private async runRegistered(
    session: ProviderSession,
    call: SessionRequest,
    timeoutMs: number,
    running: RunningCall,
  ): Promise<unknown> {
    const use = call.name === 'apply' ? 'apply' : 'other';
    const lease = await this.pool.lease(session, use, Math.min(timeoutMs, this.maxWaitMs));
    if (running.canceled) {
      lease.release('keep');
      throw new AppError('CONFLICT', `the operation was cancelled before ${call.name}; nothing was done`);
    }
    running.connection = lease.process.connection;
    return callProvider(lease, call, timeoutMs);
  }

  private register(operationId: string | undefined, running: RunningCall): () => void {
    if (operationId === undefined) return () => {};
    const calls = this.operations.get(operationId) ?? new Set();
    this.operations.set(operationId, calls.add(running));
    return () => {
      calls.delete(running);
      if (calls.size === 0) this.operations.delete(operationId);
    };
  }
}

interface RunningCall {
  connection: ProviderConnection | undefined;
  canceled: boolean;
}

async function callProvider(lease: Lease, call: SessionRequest, timeoutMs: number): Promise<unknown> {
  const { connection } = lease.process;
  const acts = call.name === 'apply';
  const timer = acts
    ? setTimeout(() => void connection.stop({ timeoutMs: STOP_CALL_MS }).catch(() => {}), timeoutMs)
    : undefined;
  try {
    const answer = await dispatch(
      connection,
      call,
      acts ? timeoutMs + Math.min(timeoutMs, MAX_STOP_GRACE_MS) : timeoutMs,
    );
    lease.release('keep');
    return answer;
  } catch (error) {
    const failure = await explainFailure(lease.process, call.name, error, acts);
    lease.release(failure.keeps ? 'keep' : 'discard');
    throw failure.error;
  } finally {
    clearTimeout(timer);
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
