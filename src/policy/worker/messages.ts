import type { FailureReason } from '../policy-failure.ts';

/** What a worker is started with. */
export interface WorkerSettings {
  readonly memoryMb: number;
  readonly maxResultBytes: number;
  readonly maxModules: number;
}

/** One evaluation. Text crosses between threads cheaper than object trees, and JSON is what the module reads. */
export interface EvaluateMessage {
  readonly sha256: string;
  readonly input: string;
  /** Sent only after the worker said that it does not hold the module. */
  readonly wasm?: Uint8Array;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'result'; readonly json: string }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly message: string };
