import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AppError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { SchemaPart } from '../providers/index.ts';
import { dyingWithUs, killGroup } from './child-program.ts';
import { inNamespace, type Namespace } from './isolation/namespace-command.ts';
import type { ExecutorSettings, FromExecutor, ToExecutor } from './messages.ts';

const MAIN = fileURLToPath(new URL('./start.ts', import.meta.url));

// Small young space: messages come and go, and 40 MB less stay resident for no loss of speed (measured on 500 creates).
const NODE_FLAGS = ['--max-semi-space-size=1'];

const CLOSE_TIMEOUT_MS = 6_000; // providers get two seconds to end, then one to be killed

/** A request without the number that pairs it with its answer. */
export type Request = ToExecutor extends infer Each ? (Each extends ToExecutor ? Omit<Each, 'id'> : never) : never;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly whenGone: () => AppError;
  readonly onPart: ((part: SchemaPart) => Promise<void> | void) | undefined;
}

export interface ProcessOptions {
  readonly settings: ExecutorSettings;
  readonly runAs: Namespace['runAs'];
  /** Where it runs, if not among all other programs. */
  readonly place: Namespace | undefined;
  readonly logger: Logger;
}

/** One life of the executor's process, seen from the server. */
export class ExecutorProcess {
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly logger: Logger;
  private readonly placed: boolean;
  private readonly pending = new Map<number, Pending>();
  private readonly providers = new Map<number, string>();
  private lastId = 0;
  private isReady: () => void = () => {};

  constructor({ settings, runAs, place, logger }: ProcessOptions) {
    this.logger = logger;
    this.placed = place !== undefined;
    const command = [process.execPath, ...NODE_FLAGS, MAIN, JSON.stringify(settings)];
    const [program = '', ...args] = place === undefined ? command : dyingWithUs(inNamespace(command, place));
    // an empty environment and none of our flags: whatever runs in there can learn nothing from them
    this.child = spawn(program, args, {
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      ...(place === undefined ? runAs : { detached: true }), // a terminal's Ctrl-C is not for what surrounds it
    });
    this.ready = new Promise((resolve) => {
      this.isReady = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.once('error', () => resolve());
    });
    this.child.on('message', (message: FromExecutor) => this.receive(message));
    void this.ended.then(() => this.cleanUp());
  }

  /**
   * @param whenGone the error if the process dies before it answers
   */
  ask(request: Request, whenGone: () => AppError, onPart?: Pending['onPart']): Promise<unknown> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, whenGone, onPart });
      this.send({ ...request, id });
    });
  }

  isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null && this.child.connected;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.kill(), CLOSE_TIMEOUT_MS);
    await this.ask({ kind: 'close' }, () => new AppError('UNAVAILABLE', 'the executor is gone')).catch(() => undefined);
    if (this.child.connected) this.child.disconnect();
    await this.ended;
    clearTimeout(timer);
  }

  private send(message: ToExecutor): void {
    if (!this.child.connected) return this.fail(message.id);
    this.child.send(message, (error) => {
      if (error !== null) this.fail(message.id);
    });
  }

  private fail(id: number): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.reject(pending.whenGone());
  }

  private receive(message: FromExecutor): void {
    switch (message.kind) {
      case 'ready':
        return this.isReady();
      case 'started':
        return void this.providers.set(message.pid, message.folder);
      case 'ended':
        return void this.providers.delete(message.pid);
      case 'log':
        return this.logger.error(message.details, message.message);
      case 'part':
        return void this.takePart(message.id, message.part);
      case 'result':
        return this.settle(message.id, ({ resolve }) => resolve(message.result));
      case 'failure': {
        const { code, message: text, details } = message.failure;
        return this.settle(message.id, ({ reject }) => reject(new AppError(code, text, { details })));
      }
    }
  }

  private settle(id: number, how: (pending: Pending) => void): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (pending !== undefined) how(pending);
  }

  // The next part is asked for when this one is dealt with, so that parts never pile up here.
  private async takePart(id: number, part: SchemaPart): Promise<void> {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    try {
      await pending.onPart?.(part);
      this.send({ kind: 'next', id });
    } catch (error) {
      this.pending.delete(id);
      pending.reject(error);
    }
  }

  // Providers that outlive the executor would hold sockets and go on changing things unseen.
  private cleanUp(): void {
    for (const [pid, folder] of this.providers) {
      if (!this.placed) killGroup(pid); // in namespaces they are gone already, and their numbers are not of this one
      rmSync(folder, { recursive: true, force: true });
    }
    this.providers.clear();
    for (const id of this.pending.keys()) this.fail(id);
  }
}
