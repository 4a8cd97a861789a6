import { Worker } from 'node:worker_threads';

import type { Json } from '../shared/json.ts';
import { policyFailure } from './policy-failure.ts';
import type { EvaluateMessage, WorkerMessage, WorkerSettings } from './worker/messages.ts';

/** One evaluation that somebody waits for. */
export interface Job {
  readonly sha256: string;
  readonly wasm: Uint8Array;
  /** JSON text. */
  readonly input: string;
  resolve(result: Json): void;
  reject(error: Error): void;
}

export interface WorkerEvents {
  /** The worker can take a job. */
  idle(worker: PolicyWorker): void;
  /** The worker is gone; its job, if it had one, has been rejected. */
  gone(worker: PolicyWorker): void;
}

const START_LIMIT_MS = 30_000; // generous: a loaded machine may need seconds for a thread
const MIN_HEAP_MB = 64; // the thread's own code needs about 20

/**
 * The main thread's handle of one worker thread. It has at most one job, so that killing it harms nobody else.
 */
export class PolicyWorker {
  readonly #thread: Worker;
  readonly #events: WorkerEvents;
  readonly #timeoutMs: number;
  #job: Job | undefined;
  #timer: NodeJS.Timeout;
  #alive = true;

  constructor(settings: WorkerSettings, timeoutMs: number, events: WorkerEvents) {
    this.#events = events;
    this.#timeoutMs = timeoutMs;
    this.#thread = new Worker(new URL('./worker/entry.ts', import.meta.url), {
      workerData: settings,
      env: {},
      argv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(MIN_HEAP_MB, settings.memoryMb),
        maxYoungGenerationSizeMb: 16,
      },
    });
    this.#thread.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#thread.on('error', (error: Error) => this.#lose('MEMORY', `the policy's worker failed: ${error.message}`));
    this.#thread.on('exit', () => this.#lose('TRAP', 'the worker of the policy ended'));
    this.#timer = setTimeout(() => this.#lose('TIMEOUT', 'the worker did not start'), START_LIMIT_MS);
  }

  /** Hands over a job; only after `idle`. */
  run(job: Job): void {
    this.#job = job;
    this.#timer = setTimeout(() => this.#expire(job), this.#timeoutMs);
    this.#send({ sha256: job.sha256, input: job.input });
  }

  /** Kills the thread at once, whatever it does. */
  async stop(): Promise<void> {
    this.#lose('CLOSED', 'the policy engine is closed');
    await this.#thread.terminate();
  }

  /** When this thread itself was held up, the answer may have come in time: messages are read before immediates run. */
  #expire(job: Job): void {
    setImmediate(() => {
      if (this.#job !== job) return;
      this.#lose('TIMEOUT', `the policy took longer than ${this.#timeoutMs} ms and was stopped; simplify it`);
    });
  }

  #send(message: EvaluateMessage): void {
    this.#thread.postMessage(message);
  }

  #receive(message: WorkerMessage): void {
    if (!this.#alive) return; // an answer that crossed the deadline: its job has been refused already
    const job = this.#job;
    if (message.kind === 'missing' && job !== undefined) {
      this.#send({ sha256: job.sha256, input: job.input, wasm: job.wasm });
      return;
    }
    clearTimeout(this.#timer);
    this.#job = undefined;
    if (message.kind === 'result') job?.resolve(parseResult(message.json));
    if (message.kind === 'failed') job?.reject(policyFailure(message.reason, message.message));
    this.#events.idle(this);
  }

  #lose(reason: 'TIMEOUT' | 'MEMORY' | 'TRAP' | 'CLOSED', message: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    clearTimeout(this.#timer);
    this.#job?.reject(policyFailure(reason, message));
    this.#job = undefined;
    void this.#thread.terminate();
    this.#events.gone(this);
  }
}

function parseResult(json: string): Json {
  return JSON.parse(json) as Json; // the worker made the text with JSON.stringify
}
