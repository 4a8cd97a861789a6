import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import { policyFailure } from './policy-failure.ts';
import { type Job, PolicyWorker } from './policy-worker.ts';

export interface PolicyEngineOptions {
  /** Threads; each holds its own copy of the modules it used last. */
  readonly workers: number;
  /** Limit of one evaluation, loading the module included. */
  readonly timeoutMs: number;
  /** Limits of policies of some types, where they are other ones. */
  readonly timeouts?: Readonly<Record<string, number>> | undefined;
  /** Limit of one module's memory. */
  readonly memoryMb: number;
  readonly logger: Logger;
}

export interface EvaluatedPolicy {
  readonly sha256: string;
  readonly wasm: Uint8Array;
  /** What it decides about: types may have limits of their own. */
  readonly type?: string | undefined;
}

export interface PolicyEngine {
  /**
   * Evaluates the whole package.
   *
   * @returns the object of its rules that have a value
   * @throws AppError UNAVAILABLE or BAD_INPUT with `details.reason`, for whatever went wrong: treat it as a denial
   */
  evaluate(policy: EvaluatedPolicy, input: Json): Promise<Json>;
  /** Ends the threads; evaluations under way are rejected. */
  close(): Promise<void>;
}

const MAX_INPUT_CHARACTERS = 4 * 1024 * 1024;
const MAX_RESULT_BYTES = 1024 * 1024;
const MAX_MODULES = 64;
const MAX_QUEUED = 1_000;
const RESTART_DELAY_MS = 500; // a thread that cannot start must not be retried in a busy loop

/** Starts worker threads that evaluate compiled policies. A worker over its limits is killed and replaced. */
export function startPolicyEngine(options: PolicyEngineOptions): PolicyEngine {
  const pool = new Pool(options);
  return {
    evaluate: async (policy, input) => pool.submit(policy, inputText(input)),
    close: () => pool.close(),
  };
}

class Pool {
  readonly #options: PolicyEngineOptions;
  readonly #workers = new Set<PolicyWorker>();
  readonly #idle: PolicyWorker[] = [];
  readonly #queue: Job[] = [];
  readonly #started = new Set<PolicyWorker>();
  #closed = false;

  constructor(options: PolicyEngineOptions) {
    this.#options = options;
    for (let count = 0; count < options.workers; count += 1) this.#addWorker();
  }

  submit({ sha256, wasm, type }: EvaluatedPolicy, input: string): Promise<Json> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw policyFailure('CLOSED', 'the policy engine is closed');
      if (this.#queue.length >= MAX_QUEUED) throw policyFailure('BUSY', 'too many policies wait; try again later');
      this.#queue.push({ sha256, wasm, timeoutMs: this.#timeoutOf(type), input, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.reject(policyFailure('CLOSED', 'the policy engine is closed'));
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  #timeoutOf(type: string | undefined): number {
    const { timeouts = {}, timeoutMs } = this.#options;
    return (type !== undefined && Object.hasOwn(timeouts, type) ? timeouts[type] : undefined) ?? timeoutMs;
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop();
      if (worker === undefined) return;
      const job = this.#queue.shift();
      if (job !== undefined) worker.run(job);
    }
  }

  #addWorker(): void {
    const { memoryMb } = this.#options;
    const settings = { memoryMb, maxResultBytes: MAX_RESULT_BYTES, maxModules: MAX_MODULES };
    const worker = new PolicyWorker(settings, {
      idle: (idle) => {
        this.#started.add(idle);
        this.#idle.push(idle);
        this.#dispatch();
      },
      gone: (gone) => this.#replace(gone),
    });
    this.#workers.add(worker);
  }

  #replace(worker: PolicyWorker): void {
    this.#workers.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#closed) return;
    this.#options.logger.warn({ waiting: this.#queue.length }, 'a policy worker was stopped and is replaced');
    if (this.#started.delete(worker)) this.#addWorker();
    else setTimeout(() => this.#retry(), RESTART_DELAY_MS).unref();
  }

  /** After a failed start: whoever waits is refused rather than left waiting for threads that may never come. */
  #retry(): void {
    if (this.#closed) return;
    if (this.#workers.size === 0) {
      for (const job of this.#queue.splice(0)) job.reject(policyFailure('BUSY', 'no policy worker starts'));
    }
    this.#addWorker();
  }
}

function inputText(input: Json): string {
  const text = stringify(input);
  if (text.length <= MAX_INPUT_CHARACTERS) return text;
  throw policyFailure('INPUT_TOO_LARGE', `the policy's input is longer than ${MAX_INPUT_CHARACTERS} characters`);
}

function stringify(input: Json): string {
  try {
    const text: string | undefined = JSON.stringify(input);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new AppError('BAD_INPUT', 'the policy input is not JSON', { details: { reason: 'INPUT_MALFORMED' }, cause });
  }
  throw policyFailure('INPUT_MALFORMED', 'the policy input is not JSON');
}
