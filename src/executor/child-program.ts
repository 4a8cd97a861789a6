import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { OutputTail } from './output-tail.ts';

const KILL_NOTICE_MS = 1_000;
const LAST_WORDS_MS = 200; // what a program wrote last is read after its end

/** On Linux this program has a child killed when its parent is gone, even if the parent was killed itself. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Private to it. */
  readonly folders: readonly string[];
  /** Who tells how it ended: a shell around it says so by a number. */
  readonly reportedBy?: 'system' | 'shell';
}

/** A foreign program in a process group of its own, with private folders that go when it goes. */
export class ChildProgram {
  readonly stdout: Readable;
  readonly pid: number | undefined;
  /** Settles when the program has ended or could not be started, its group is killed and its folders are gone. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly stderr: OutputTail;
  private readonly reported: 'system' | 'shell';
  private startError: Error | undefined;

  constructor(command: readonly string[], options: ProgramOptions) {
    const [program = '', ...args] = dyingWithUs(command);
    this.reported = options.reportedBy ?? 'system';
    this.child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // its own group: a terminal's Ctrl-C is not for it, and we can end all it starts
    });
    this.pid = this.child.pid;
    this.stdout = this.child.stdout ?? Readable.from([]);
    this.stderr = new OutputTail(this.child.stderr ?? Readable.from([]));
    this.ended = this.exit().then(() => this.cleanUp(options.folders));
  }

  /** `exited with code 2`; undefined while it runs. */
  ending(): string | undefined {
    if (this.startError !== undefined) return `could not be started (${this.startError.message})`;
    const { exitCode, signalCode } = this.child;
    const signal = signalCode ?? (this.reported === 'shell' ? signalIn(exitCode) : undefined);
    if (signal !== undefined) return `was ended by ${signal}`;
    return exitCode === null ? undefined : `exited with code ${exitCode}`;
  }

  lastWords(): string | undefined {
    return this.stderr.lastWords();
  }

  /** Adds what it printed by another way than its stderr. */
  addOutput(text: string): void {
    this.stderr.take(text);
  }

  /** Waits for the end, but no longer than this. */
  async endsWithin(timeoutMs: number): Promise<void> {
    const timer = new AbortController();
    const waited = delay(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.ended, waited]);
    timer.abort();
  }

  async kill(): Promise<void> {
    if (this.ending() !== undefined) return;
    killGroup(this.pid);
    await this.endsWithin(KILL_NOTICE_MS);
  }

  private exit(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.once('error', (error) => {
        this.startError = error;
        resolve();
      });
    });
  }

  private async cleanUp(folders: readonly string[]): Promise<void> {
    killGroup(this.pid); // it may have left programs of its own behind
    await Promise.race([this.stderr.ended, delay(LAST_WORDS_MS)]);
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

/** The command for something that shall not outlive this process, where the system has a way to that. */
export function dyingWithUs(command: readonly string[]): readonly string[] {
  return SETPRIV === undefined ? command : [SETPRIV, '--pdeathsig', 'KILL', '--', ...command];
}

const SIGNALLED = 128; // a shell adds the number of the signal

function signalIn(exitCode: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number + SIGNALLED === exitCode)?.[0];
}

/** Ends every process of a group; one that is already gone is fine. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nobody left in it
  }
}
