/** A call that ended without an answer: the process died, hung, was cancelled or answered nonsense. */
export class ProviderCallError extends Error {
  readonly call: string;
  readonly reason: 'GONE' | 'TIMEOUT' | 'CANCELED' | 'TOO_LARGE' | 'UNSUPPORTED' | 'BROKEN';
  /** What the provider said about it: foreign text. */
  readonly words: string | undefined;

  constructor(
    call: string,
    reason: ProviderCallError['reason'],
    message: string,
    options: { cause?: unknown; words?: string | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.words = options.words;
    this.call = call;
    this.reason = reason;
  }
}
