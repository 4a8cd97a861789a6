import { createHash } from 'node:crypto';

import { AppError } from '../shared/errors.ts';
import type { ProviderSession } from './executor.ts';
import type { ProviderProcess } from './provider-process.ts';

/** A provider process in use. */
export interface Lease {
  readonly process: ProviderProcess;
  /** Gives it back; `discard` when it cannot be trusted any more. */
  release(fate: 'keep' | 'discard'): void;
}

interface Slot {
  readonly key: string;
  readonly starting: Promise<ProviderProcess>;
  process: ProviderProcess | undefined;
  users: number;
  applying: number;
  lastUsedAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

export interface PoolSettings {
  readonly maxProviders: number;
  readonly idleMs: number;
  /** Starts and configures a process. */
  readonly start: (session: ProviderSession) => Promise<ProviderProcess>;
}

/**
 * Configured provider processes, shared by calls of the same session. Only one change is applied in a process at a
 * time: to cancel it means to stop the process's work, and that must not hit another change.
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
  async lease(session: ProviderSession, use: 'apply' | 'other', timeoutMs: number): Promise<Lease> {
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

  private async findSlot(key: string, session: ProviderSession, use: 'apply' | 'other', until: number): Promise<Slot> {
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

  private freeSlot(key: string, use: 'apply' | 'other'): Slot | undefined {
    const usable = [...this.slots].filter((slot) => slot.key === key && (use === 'other' || slot.applying === 0));
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
      applying: 0,
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

  private enter(slot: Slot, use: 'apply' | 'other'): void {
    clearTimeout(slot.idleTimer);
    slot.users += 1;
    if (use === 'apply') slot.applying += 1;
  }

  private leave(slot: Slot, use: 'apply' | 'other'): void {
    slot.users -= 1;
    if (use === 'apply') slot.applying -= 1;
    slot.lastUsedAt = Date.now();
    if (slot.users === 0) slot.idleTimer = setTimeout(() => void this.drop(slot), this.settings.idleMs).unref();
    this.wake();
  }

  private leaseOf(slot: Slot, process: ProviderProcess, use: 'apply' | 'other'): Lease {
    return {
      process,
      release: (fate) => {
        this.leave(slot, use);
        if (fate === 'discard') void this.discard(slot);
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

  private async discard(slot: Slot): Promise<void> {
    this.forget(slot);
    await slot.process?.kill();
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

// What makes two sessions one: the binary, its configuration, its environment and files. Hashed, since they may hold secrets.
function sessionKey({ binary, configuration, environment, files = {} }: ProviderSession): string {
  const variables = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const mounted = Object.entries(files)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => [path, createHash('sha256').update(content).digest('base64')]);
  const named = JSON.stringify([binary.sha256, binary.path, binary.command ?? [], variables, mounted]);
  return createHash('sha256').update(named).update('\0').update(configuration).digest('base64');
}
