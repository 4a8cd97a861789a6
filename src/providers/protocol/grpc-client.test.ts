import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { createPluginCertificate } from '../plugin-certificate.ts';
import { GrpcClient } from './grpc-client.ts';
import { GrpcError, grpcCodes } from './grpc-error.ts';

const HOUR_MS = 3_600_000;
const MAX_BYTES = 100_000;

type Answer = (stream: ServerHttp2Stream, asked: Buffer) => void | Promise<void>;

describe('the gRPC client of provider processes', () => {
  let folder: string;
  let server: Http2SecureServer;
  let client: GrpcClient;
  let answer: Answer;
  let timeouts: unknown[];
  const sessions = new Set<ServerHttp2Session>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-grpc-'));
    const path = join(folder, 'socket');
    const own = createPluginCertificate();
    server = createSecureServer({ key: own.keyPem, cert: own.certificatePem });
    server.on('session', (session) =>
      sessions.add(session.on('error', () => {}).on('close', () => sessions.delete(session))),
    );
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      timeouts.push(headers['grpc-timeout']);
      const pieces: Buffer[] = [];
      stream.on('error', () => {});
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => void answer(stream, Buffer.concat(pieces)));
    });
    server.listen(path);
    await once(server, 'listening');
    const options = { path, servername: 'localhost', ca: own.certificatePem };
    client = new GrpcClient({ server: options, maxMessageBytes: MAX_BYTES });
  });
  beforeEach(() => {
    timeouts = [];
  });
  after(async () => {
    client.destroy();
    for (const session of sessions) session.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const framed = (text: string, packed = 0): Buffer => {
    const frame = Buffer.alloc(5 + Buffer.byteLength(text));
    frame.writeUInt8(packed);
    frame.writeUInt32BE(Buffer.byteLength(text), 1);
    frame.write(text, 5);
    return frame;
  };
  /** Answers with these bytes, in pieces of this length, and ends with this status. */
  const ending = (bytes: Buffer, trailers: Readonly<Record<string, string>> = { 'grpc-status': '0' }, length = 1024) =>
    async function send(stream: ServerHttp2Stream): Promise<void> {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      for (let at = 0; at < bytes.length; at += length) {
        stream.write(bytes.subarray(at, at + length));
        await turn();
      }
      stream.end();
    };
  const call = (timeoutMs = HOUR_MS): Promise<Buffer> =>
    client.unary('/test.Test/Call', Buffer.from('hello'), timeoutMs);
  const fails = (code: number, words: RegExp, timeoutMs?: number): Promise<void> =>
    assert.rejects(call(timeoutMs), (error) => {
      assert.ok(error instanceof GrpcError);
      assert.match(error.message, words);
      assert.equal(error.code, code);
      return true;
    });

  it('sends one message and gets one', async () => {
    answer = (stream, asked) => {
      assert.deepEqual(asked, framed('hello'));
      return ending(framed('good day'))(stream);
    };
    assert.equal((await call()).toString(), 'good day');
    assert.deepEqual(timeouts, ['3600000m']);
  });

  it('puts together what comes in pieces, and takes a message without content', async () => {
    answer = ending(framed('good day'), undefined, 1);
    assert.equal((await call()).toString(), 'good day');
    const long = 'long '.repeat(10_000);
    answer = ending(framed(long), undefined, 777);
    assert.equal((await call()).toString(), long);
    answer = ending(framed(''));
    assert.equal((await call()).length, 0);
  });

  it('works on many calls at once', async () => {
    answer = (stream) => ending(framed(String(stream.id)))(stream);
    const answers = await Promise.all(Array.from({ length: 200 }, () => call()));
    assert.equal(new Set(answers.map(String)).size, 200);
  });

  it('tells what the server says of a failure, also when it says nothing else', async () => {
    answer = ending(framed('half'), { 'grpc-status': '9', 'grpc-message': 'not %22now%22, 100%25' });
    await fails(9, /^not "now", 100%$/);
    answer = (stream) => stream.respond({ 'grpc-status': '12', 'grpc-message': 'a%zz' }, { endStream: true });
    await fails(grpcCodes.UNIMPLEMENTED, /^a%zz$/);
  });

  it('takes nothing for an answer that is none', async () => {
    answer = ending(Buffer.alloc(0));
    await fails(grpcCodes.INTERNAL, /one message/);
    answer = ending(framed('good day').subarray(0, 9));
    await fails(grpcCodes.INTERNAL, /one message/);
    answer = ending(Buffer.concat([framed('good day'), framed('and more')]));
    await fails(grpcCodes.INTERNAL, /one message/);
    answer = ending(framed('good day', 1));
    await fails(grpcCodes.INTERNAL, /packed/);
    answer = ending(framed('good day'), { more: 'later' });
    await fails(grpcCodes.UNKNOWN, /did not say/);
    answer = ending(framed('good day'), {});
    await fails(grpcCodes.INTERNAL, /code 0/);
    answer = (stream) => stream.respond({ ':status': 404 }, { endStream: true });
    await fails(grpcCodes.UNKNOWN, /HTTP 404/);
  });

  it('stops reading what is too large as soon as its length is known', async () => {
    const closed = Promise.withResolvers<number>();
    answer = (stream) => {
      const head = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]);
      stream.on('close', () => closed.resolve(stream.rstCode));
      stream.respond({ ':status': 200 });
      stream.write(head);
    };
    await fails(grpcCodes.RESOURCE_EXHAUSTED, /2147483647 bytes/);
    assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
  });

  it('gives up when the time is over, and tells the server', async () => {
    const closed = Promise.withResolvers<number>();
    answer = (stream) => void stream.on('close', () => closed.resolve(stream.rstCode));
    await fails(grpcCodes.DEADLINE_EXCEEDED, /time/, 20);
    assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
    assert.deepEqual(timeouts, ['20m']);
  });

  it('knows a call that the server ended from a connection that is lost, and connects anew after that', async () => {
    answer = (stream) => stream.close(constants.NGHTTP2_CANCEL);
    await fails(grpcCodes.CANCELLED, /cancelled/);
    answer = (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    await fails(grpcCodes.INTERNAL, /code 2/);
    answer = (stream) => stream.session?.destroy();
    await fails(grpcCodes.UNAVAILABLE, /lost/);
    answer = ending(framed('again'));
    assert.equal((await call()).toString(), 'again');
  });

  it('hands over one message after the other of a stream', async () => {
    const heard: string[] = [];
    const all = Promise.withResolvers<void>();
    answer = ending(Buffer.concat(['one', 'two', 'three'].map((text) => framed(text))), undefined, 4);
    client.stream('/test.Test/Stream', Buffer.alloc(0), (message) => {
      if (heard.push(message.toString()) === 3) all.resolve();
    });
    await all.promise;
    assert.deepEqual(heard, ['one', 'two', 'three']);
  });
});
