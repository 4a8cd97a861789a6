import { GrpcError, grpcCodes } from './grpc-error.ts';

const HEAD_BYTES = 5; // whether it is packed, and its length

/** Puts messages together from the pieces in which they come. */
export class MessageReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a piece and hands over each message that it completes. @throws GrpcError when one is too large or packed */
  read(piece: Buffer, onMessage: (message: Buffer) => void): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    while (this.#bytes >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#nextLength();
      if (this.#bytes < end) return;
      const whole = this.#joined();
      this.#pieces = [whole.subarray(end)];
      this.#bytes -= end;
      onMessage(whole.subarray(HEAD_BYTES, end));
    }
  }

  #nextLength(): number {
    const [first] = this.#pieces;
    const head = first !== undefined && first.length >= HEAD_BYTES ? first : this.#joined();
    if (head[0] !== 0) throw new GrpcError(grpcCodes.INTERNAL, 'it packed its answer, which it was not asked to');
    const length = head.readUInt32BE(1);
    if (length > this.#maxBytes) throw new GrpcError(grpcCodes.RESOURCE_EXHAUSTED, `an answer of ${length} bytes`);
    return length;
  }

  #joined(): Buffer {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}
