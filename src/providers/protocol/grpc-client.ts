import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

import { GrpcError, grpcCodes } from './grpc-error.ts';
import { MessageReader } from './message-reader.ts';

// Calls over gRPC in as many words as a client of one process on this machine needs: no names to resolve, no other server
// to turn to, nothing sent twice, nothing packed. The general library takes twice the time and the processor time for a
// call, which is most of what a provider's call costs that does little.
// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

export interface GrpcOptions {
  /** Where it listens, and how it and we show who we are. */
  readonly server: ConnectionOptions;
  readonly maxMessageBytes: number;
}

const WINDOW_BYTES = 1024 * 1024; // a schema of megabytes comes in a few pieces, not in hundreds
const MAX_MEMORY_MB = 1024; // the limit of a message is what counts
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_GRPC_TIMEOUT = 99_999_999; // it has eight digits

/** The connection to one server; it is made when the first call needs it, and anew when it was lost. */
export class GrpcClient {
  readonly #options: GrpcOptions;
  #session: ClientHttp2Session | undefined;

  constructor(options: GrpcOptions) {
    this.#options = options;
  }

  /** Sends one message and waits for one. @throws GrpcError */
  unary(path: string, message: Buffer, timeoutMs: number): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const found: Buffer[] = [];
    const stream = this.#send(path, message, timeoutMs, (each) => found.push(each), settle);
    const timer = setTimeout(
      () => {
        settle(new GrpcError(grpcCodes.DEADLINE_EXCEEDED, 'the time is over'));
        stream?.close(constants.NGHTTP2_CANCEL);
      },
      Math.min(timeoutMs, MAX_TIMER_MS),
    );

    function settle(error: GrpcError | undefined): void {
      clearTimeout(timer);
      const [only, ...more] = found;
      if (error !== undefined) reject(error);
      else if (only === undefined || more.length > 0)
        reject(new GrpcError(grpcCodes.INTERNAL, 'it did not answer with one message'));
      else resolve(only);
    }
    return promise;
  }

  /** Sends one message and hands over whatever comes, as long as it comes. */
  stream(path: string, message: Buffer, onMessage: (message: Buffer) => void): void {
    this.#send(path, message, undefined, onMessage, () => {});
  }

  /** Ends the connection when the calls under way have their answers. */
  close(): void {
    this.#session?.close();
  }

  /** Ends it now. */
  destroy(): void {
    this.#session?.destroy();
  }

  /** @param onEnd may be called more than once; the first one counts */
  #send(
    path: string,
    message: Buffer,
    timeoutMs: number | undefined,
    onMessage: (message: Buffer) => void,
    onEnd: OnEnd,
  ): ClientHttp2Stream | undefined {
    try {
      const session = this.#connected();
      const stream = session.request(headersOf(path, timeoutMs));
      readMessages(stream, new MessageReader(this.#options.maxMessageBytes), onMessage, onEnd);
      awaitEnd(stream, session, onEnd);
      stream.end(framed(message));
      return stream;
    } catch {
      // The connection ended since it was looked at.
      queueMicrotask(() => onEnd(new GrpcError(grpcCodes.UNAVAILABLE, LOST)));
      return undefined;
    }
  }

  #connected(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect('https://localhost', {
      createConnection: () => connectTls({ ...this.#options.server, ALPNProtocols: ['h2'] }),
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      maxSessionMemory: MAX_MEMORY_MB,
    });
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    session.on('error', () => {}); // its calls are told
    this.#session = session;
    return session;
  }
}

const LOST = 'the connection was lost';

function headersOf(path: string, timeoutMs: number | undefined) {
  return {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(timeoutMs === undefined ? {} : { 'grpc-timeout': timeoutText(timeoutMs) }),
  };
}

function timeoutText(timeoutMs: number): string {
  return timeoutMs <= MAX_GRPC_TIMEOUT ? `${Math.ceil(timeoutMs)}m` : `${Math.ceil(timeoutMs / 1000)}S`;
}

/** A message on its way: not packed, and how long it is. */
function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame.writeUInt8(0);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return frame;
}

type OnEnd = (error: GrpcError | undefined) => void;

function readMessages(
  stream: ClientHttp2Stream,
  reader: MessageReader,
  onMessage: (message: Buffer) => void,
  onEnd: OnEnd,
): void {
  stream.on('data', (piece: Buffer) => {
    try {
      reader.read(piece, onMessage);
    } catch (error) {
      onEnd(error instanceof GrpcError ? error : new GrpcError(grpcCodes.INTERNAL, 'its answer cannot be read'));
      stream.close(constants.NGHTTP2_CANCEL);
    }
  });
}

/** Its end is told by the last headers, when all before them is read. */
function awaitEnd(stream: ClientHttp2Stream, session: ClientHttp2Session, onEnd: OnEnd): void {
  let last: IncomingHttpHeaders | undefined;
  let isRead = false;
  const check = (): void => {
    if (isRead && last !== undefined) onEnd(statusOf(last));
  };
  stream.on('response', (headers) => {
    // One that has nothing to say but how it ended says it here.
    if (headers['grpc-status'] !== undefined || headers[':status'] !== 200) last = headers;
  });
  stream.on('trailers', (trailers: IncomingHttpHeaders) => {
    last = trailers;
    check();
  });
  stream.on('end', () => {
    isRead = true;
    check();
  });
  stream.on('error', () => {}); // it closes then
  stream.on('close', () => onEnd(last === undefined ? brokenOff(stream, session) : statusOf(last)));
}

function statusOf(headers: IncomingHttpHeaders): GrpcError | undefined {
  const { 'grpc-status': status, 'grpc-message': words = '' } = headers;
  if (status === undefined) {
    const http = headers[':status'] === undefined ? '' : `, and HTTP ${String(headers[':status'])}`;
    return new GrpcError(grpcCodes.UNKNOWN, `it did not say how the call went${http}`);
  }
  const code = Number(status);
  return code === grpcCodes.OK ? undefined : new GrpcError(code, plainText(String(words)));
}

/** It is sent with percent signs; one that is not is taken as it is. */
function plainText(words: string): string {
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}

/** Ended by the server, alone or with the whole connection. */
function brokenOff({ rstCode }: ClientHttp2Stream, { closed, destroyed }: ClientHttp2Session): GrpcError {
  if (closed || destroyed) return new GrpcError(grpcCodes.UNAVAILABLE, LOST);
  if (rstCode === constants.NGHTTP2_CANCEL) return new GrpcError(grpcCodes.CANCELLED, 'it cancelled the call');
  if (rstCode === constants.NGHTTP2_REFUSED_STREAM) return new GrpcError(grpcCodes.UNAVAILABLE, 'it refused the call');
  return new GrpcError(grpcCodes.INTERNAL, `it ended the call with HTTP/2 code ${rstCode}`);
}
