import { Worker } from 'node:worker_threads';

import type { Json } from '../shared/json.ts';
import { policyFailure } from './policy-failure.ts';
import type { EvaluateMessage, WorkerMessage, WorkerSettings } from './worker/messages.ts';

/** One evaluation that somebody waits for. */
export interface Job {
  readonly sha256: string;
  readonly wasm: Uint8Array;
  /** Limit of the evaluation. */
  readonly timeoutMs: number;
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
  #job: Job | undefined;
  #timer: NodeJS.Timeout;
  #alive = true;

  constructor(settings: WorkerSettings, events: WorkerEvents) {
    this.#events = events;
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
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#thread.on('exit', () => this.#lose('TRAP', 'the worker of the policy ended'));
    this.#timer = setTimeout(() => this.#lose('TIMEOUT', 'the worker did not start'), START_LIMIT_MS);
  }

  /** Hands over a job; only after `idle`. */
  run(job: Job): void {
    this.#job = job;
    this.#send(job, { sha256: job.sha256, input: job.input });
  }

  /** Kills the thread at once, whatever it does. */
  async stop(): Promise<void> {
    this.#lose('CLOSED', 'the policy engine is closed');
    await this.#thread.terminate();
  }

  /** Each message gets the whole time: the second one, with the module, is sent only when this thread gets to it. */
  #send({ timeoutMs }: Job, message: EvaluateMessage): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#expire(timer, timeoutMs), timeoutMs);
    this.#timer = timer;
    this.#thread.postMessage(message);
  }

  /** When this thread itself was held up, the answer may have come in time: messages are read before immediates run. */
  #expire(timer: NodeJS.Timeout, timeoutMs: number): void {
    setImmediate(() => {
      if (this.#timer !== timer || this.#job === undefined) return;
      this.#lose('TIMEOUT', `the policy took longer than ${timeoutMs} ms and was stopped; simplify it`);
    });
  }

  #receive(message: WorkerMessage): void {
    if (!this.#alive) return; // an answer that crossed the deadline: its job has been refused already
    const job = this.#job;
    if (message.kind === 'missing' && job !== undefined) {
      this.#send(job, { sha256: job.sha256, input: job.input, wasm: job.wasm });
      return;
    }
    clearTimeout(this.#timer);
    this.#job = undefined;
    if (job !== undefined) settle(job, message);
    this.#events.idle(this);
  }

  #fail(error: Error): void {
    const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#lose(outOfMemory ? 'MEMORY' : 'TRAP', `the policy's worker failed: ${error.message}`);
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

function settle(job: Job, message: WorkerMessage): void {
  if (message.kind === 'failed') job.reject(policyFailure(message.reason, message.message));
  if (message.kind !== 'result') return;
  try {
    job.resolve(parseResult(message.json));
  } catch {
    job.reject(policyFailure('RESULT_MALFORMED', 'the policy gave no JSON'));
  }
}

function parseResult(json: string): Json {
  return JSON.parse(json) as Json; // JSON.parse gives JSON values and nothing else
}
