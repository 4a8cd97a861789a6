import { createHash } from 'node:crypto';

import { AppError } from '../shared/errors.ts';
import type { ProviderSession } from './executor.ts';
import type { ProviderProcess } from './provider-process.ts';

/** A provider process in use. */
export interface Lease {
  readonly process: ProviderProcess;
  /** Gives it back; `discard` when it cannot be trusted any more. */
  release(fate: 'keep' | 'discard'): void;
  /** No other change is begun in this process until those under way are at their end. */
  keepToItself(): void;
}

/** What a process is wanted for. Changes of one group may be applied in one process at the same time. */
export type Use = { readonly applies: false } | { readonly applies: true; readonly group: string | undefined };

interface Slot {
  readonly key: string;
  readonly starting: Promise<ProviderProcess>;
  process: ProviderProcess | undefined;
  users: number;
  /** How many it has served. */
  calls: number;
  applying: number;
  /** Whose changes are under way; none where there is one change, which wants to be alone. */
  group: string | undefined;
  /** It is not to be trusted any more, and ends with the last change that is under way in it. */
  isCondemned: boolean;
  lastUsedAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

export interface PoolSettings {
  readonly maxProviders: number;
  readonly idleMs: number;
  /** After so many calls a process that nobody uses is stopped. */
  readonly maxCalls?: number;
  /** Starts and configures a process. */
  readonly start: (session: ProviderSession) => Promise<ProviderProcess>;
}

// Many providers keep what belonged to a call until they are asked to stop, some 20 KB of it: the library they are made
// with notes how to end each call, and forgets that only then.
const MAX_CALLS = 2_000;

/**
 * Configured provider processes, shared by calls of the same session. Only one change, or changes of one group, are
 * applied in a process at a time: to cancel one means to stop the process's work, and that must not hit another change.
 */
export class ProviderPool {
  private readonly settings: PoolSettings;
  private readonly slots = new Set<Slot>();
  private readonly waiting = new Set<() => void>();
  private closed = false;

  constructor(settings: PoolSettings) {
    this.settings = settings;
  }

  /** @throws AppError UNAVAILABLE when every process is busy for too long, and what `start` throws */
  async lease(session: ProviderSession, use: Use, timeoutMs: number): Promise<Lease> {
    const key = sessionKey(session);
    const slot = await this.findSlot(key, session, use, Date.now() + timeoutMs);
    try {
      return this.leaseOf(slot, await slot.starting, use);
    } catch (error) {
      this.leave(slot, use);
      throw error;
    }
  }

  /** Ends every process, those in use as well. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.slots].map((slot) => this.drop(slot)));
  }

  private async findSlot(key: string, session: ProviderSession, use: Use, until: number): Promise<Slot> {
    for (;;) {
      if (this.closed) throw new AppError('UNAVAILABLE', 'the executor is stopping; try again');
      const slot = this.freeSlot(key, use) ?? (this.makeRoom() ? this.openSlot(key, session) : undefined);
      if (slot !== undefined) {
        this.enter(slot, use);
        return slot;
      }
      await this.nextRelease(until - Date.now());
    }
  }

  private freeSlot(key: string, use: Use): Slot | undefined {
    const usable = [...this.slots].filter((slot) => slot.key === key && isOpenTo(slot, use));
    return usable.toSorted((a, b) => a.users - b.users)[0];
  }

  private makeRoom(): boolean {
    if (this.slots.size < this.settings.maxProviders) return true;
    const idle = [...this.slots].filter(({ users }) => users === 0).toSorted((a, b) => a.lastUsedAt - b.lastUsedAt)[0];
    if (idle === undefined) return false;
    void this.drop(idle);
    return true;
  }

  private openSlot(key: string, session: ProviderSession): Slot {
    const starting = this.settings.start(session);
    const slot: Slot = {
      key,
      starting,
      process: undefined,
      users: 0,
      calls: 0,
      applying: 0,
      group: undefined,
      isCondemned: false,
      lastUsedAt: Date.now(),
      idleTimer: undefined,
    };
    this.slots.add(slot);
    starting.then(
      (process) => {
        slot.process = process;
        void process.ended.then(() => this.forget(slot));
      },
      () => this.forget(slot),
    );
    return slot;
  }

  private enter(slot: Slot, use: Use): void {
    clearTimeout(slot.idleTimer);
    slot.users += 1;
    slot.calls += 1;
    if (!use.applies) return;
    slot.applying += 1;
    slot.group = use.group;
  }

  private leave(slot: Slot, use: Use): void {
    slot.users -= 1;
    if (use.applies) slot.applying -= 1;
    slot.lastUsedAt = Date.now();
    if (slot.isCondemned && slot.applying === 0) return void slot.process?.kill();
    if (slot.users === 0 && slot.calls >= (this.settings.maxCalls ?? MAX_CALLS)) return void this.drop(slot);
    if (slot.users === 0) slot.idleTimer = setTimeout(() => void this.drop(slot), this.settings.idleMs).unref();
    this.wake();
  }

  private leaseOf(slot: Slot, process: ProviderProcess, use: Use): Lease {
    return {
      process,
      release: (fate) => {
        if (fate === 'discard') this.condemn(slot);
        this.leave(slot, use);
      },
      keepToItself: () => {
        slot.group = undefined;
      },
    };
  }

  private async drop(slot: Slot): Promise<void> {
    this.forget(slot);
    await slot.starting.then(
      (process) => process.stop(),
      () => undefined,
    );
  }

  private condemn(slot: Slot): void {
    slot.isCondemned = true;
    this.forget(slot);
  }

  private forget(slot: Slot): void {
    clearTimeout(slot.idleTimer);
    this.slots.delete(slot);
    this.wake();
  }

  private wake(): void {
    for (const go of this.waiting) go();
  }

  private async nextRelease(timeoutMs: number): Promise<void> {
    const { maxProviders } = this.settings;
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        this.waiting.delete(go);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(
        () => {
          this.waiting.delete(go);
          reject(new AppError('UNAVAILABLE', `all ${maxProviders} provider processes are busy; try again later`));
        },
        Math.max(0, timeoutMs),
      );
      this.waiting.add(go);
    });
  }
}

function isOpenTo({ applying, group }: Slot, use: Use): boolean {
  return !use.applies || applying === 0 || (group !== undefined && group === use.group);
}

// What makes two sessions one: the binary, its configuration, its environment and files. Hashed, since they may hold secrets.
function sessionKey({ binary, configuration, environment, files = {} }: ProviderSession): string {
  const variables = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const mounted = Object.entries(files)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => [path, createHash('sha256').update(content).digest('base64')]);
  const named = JSON.stringify([binary.sha256, binary.path, binary.command ?? [], variables, mounted]);
  return createHash('sha256').update(named).update('\0').update(configuration).digest('base64');
}
