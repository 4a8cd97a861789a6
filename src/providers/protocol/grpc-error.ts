/** Codes of gRPC that are told apart here. */
export const grpcCodes = {
  OK: 0, CANCELLED: 1, UNKNOWN: 2, DEADLINE_EXCEEDED: 4, RESOURCE_EXHAUSTED: 8, UNIMPLEMENTED: 12, INTERNAL: 13,
  UNAVAILABLE: 14,
} as const; // prettier-ignore

/** A call that ended without an answer. */
export class GrpcError extends Error {
  readonly code: number;

  /** @param words of the server, or ours about it */
  constructor(code: number, words: string) {
    super(words);
    this.code = code;
  }
}
