import type { Db } from '../../storage/database.ts';
import { renewLease } from '../../storage/operations.ts';
import { renewLock } from '../../storage/projects.ts';
import type { DomainContext } from '../../domain/context.ts';
import type { IntentLimits } from '../engine.ts';

/** One operation that this process works on. */
export interface RunningOperation {
  readonly id: string;
  readonly project: string;
  readonly fence: number;
  /** Settles when the operation stops: at its end, or where it waits for a person. Never rejects. */
  readonly done: Promise<void>;
  cancelRequested: boolean;
  /** The change set that it is one of. */
  readonly changeSet?: string | undefined;
  /**
   * How a change set says that it and its operations are still worked on; an operation's lease is renewed when absent.
   * Answers which of them somebody asked the end of.
   */
  readonly renew?: (db: Db, until: Date) => Promise<readonly string[]>;
}

const STOP_WAIT_MS = 5_000; // long enough for a provider that gives up at once
const STOP_AGAIN_MS = 500;

/**
 * The operations that this process works on. As long as there are any, it says so in the database at short intervals:
 * an operation whose server stays silent is taken to be interrupted.
 */
export class RunningOperations {
  readonly #domain: DomainContext;
  readonly #limits: IntentLimits;
  readonly #operations = new Map<string, RunningOperation>();
  #timer: NodeJS.Timeout | undefined;

  constructor(domain: DomainContext, limits: IntentLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  find(id: string): RunningOperation | undefined {
    return this.#operations.get(id);
  }

  has(id: string): boolean {
    return this.#operations.has(id);
  }

  add(operation: RunningOperation): void {
    this.#operations.set(operation.id, operation);
    this.#timer ??= setInterval(() => void this.renew(), this.#limits.leaseMs / 3).unref();
  }

  remove(id: string): void {
    this.#operations.delete(id);
    if (this.#operations.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Says that the operations are still worked on, and keeps their projects locked. */
  async renew(): Promise<void> {
    for (const operation of this.#operations.values()) {
      if (operation.changeSet !== undefined && this.has(operation.changeSet)) continue; // renewed with its set
      await this.#renewOne(operation).catch((error: unknown) => {
        this.#domain.log.warn({ error, operation: operation.id }, 'could not renew the lease of an operation');
      });
    }
  }

  async #renewOne(operation: RunningOperation): Promise<void> {
    const { id, project, fence, renew } = operation;
    const { storage, clock } = this.#domain;
    const now = clock.now().getTime();
    const leaseUntil = new Date(now + this.#limits.leaseMs);
    const lockUntil = new Date(now + this.#limits.lockMs);
    const asked = await storage.read(async (db) => {
      await renewLock(db, project, fence, lockUntil);
      if (renew !== undefined) return renew(db, leaseUntil);
      return (await renewLease(db, { id, project, fence }, leaseUntil)) ? [id] : [];
    });
    for (const each of asked) {
      const running = this.find(each);
      // Word that came by notification is acted on already.
      if (running?.cancelRequested === false) await this.stop(running);
    }
  }

  /**
   * Asks what this process works on to stop, of a change set also the operations that run, and waits a little for its
   * end. It asks more than once: between two calls of an operation there is no provider to be asked.
   */
  async stop(operation: RunningOperation): Promise<void> {
    operation.cancelRequested = true;
    const deadline = Date.now() + STOP_WAIT_MS;
    while (this.#operations.get(operation.id) === operation && Date.now() < deadline) {
      for (const part of [operation, ...this.#membersOf(operation.id)]) {
        part.cancelRequested = true;
        if (part.renew === undefined) await this.#domain.executor.cancel(part.id);
      }
      await settleWithin(operation.done, STOP_AGAIN_MS);
    }
  }

  #membersOf(changeSet: string): RunningOperation[] {
    return [...this.#operations.values()].filter((each) => each.changeSet === changeSet);
  }

  /** Waits until nothing runs any more, but no longer than this. */
  async drain(timeoutMs: number): Promise<void> {
    const all = Promise.all([...this.#operations.values()].map(({ done }) => done)).then(() => undefined);
    await settleWithin(all, timeoutMs);
    clearInterval(this.#timer);
  }
}

/** Waits for a promise that never rejects, but no longer than this. */
export async function settleWithin(promise: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([promise, expired]);
  clearTimeout(timer);
}
