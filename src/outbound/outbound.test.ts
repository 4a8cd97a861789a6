import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createOutbound, type DownloadProgress, type Outbound } from './index.ts';

const limits = { maxBytes: 100_000, timeoutMs: 5_000 };

describe('requests to the outside', () => {
  let server: Server;
  let outbound: Outbound;
  let base: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let seen: IncomingMessage[];
  const url = (path = '/', host = 'localhost'): string =>
    `http://${host}:${(server.address() as AddressInfo).port}${path}`;

  before(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    outbound = createOutbound({ allow: ['localhost', '127.0.0.1'] });
  });
  after(async () => {
    await outbound.close();
    server.close();
  });
  beforeEach(() => {
    seen = [];
    base = mkdtempSync(join(tmpdir(), 'sluice-outbound-'));
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('give status, headers and body of the answer, errors included', async () => {
    answer = (_request, response) => response.writeHead(418, { 'x-kind': 'tea' }).end('short and stout');
    const got = await outbound.get(url('/pot'), limits);
    assert.deepEqual([got.status, got.headers['x-kind'], got.url], [418, 'tea', url('/pot')]);
    assert.equal(Buffer.from(got.body).toString(), 'short and stout');
    const [asked] = seen; // nothing is unpacked on the way, and servers that want to know who asks are told
    assert.deepEqual([asked?.headers['accept-encoding'], asked?.headers['user-agent']], ['identity', 'sluice']);
  });

  it('follow redirects, also relative ones, and keep their headers from another origin', async () => {
    answer = ({ url: path }, response) => {
      if (path === '/a') response.writeHead(302, { location: 'b' }).end();
      else if (path === '/b') response.writeHead(307, { location: url('/c', '127.0.0.1') }).end();
      else response.end('here');
    };
    const got = await outbound.get(url('/a'), { ...limits, headers: { authorization: 'secret' } });
    assert.equal(got.url, url('/c', '127.0.0.1'));
    assert.deepEqual(
      seen.map(({ headers }) => headers.authorization),
      ['secret', 'secret', undefined],
    );
  });

  it('give up a circle of redirects', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    await assert.rejects(outbound.get(url(), limits), { code: 'BAD_INPUT', message: /redirects more than 5 times/ });
    assert.equal(seen.length, 6);
  });

  it('follow no redirect where none is wanted', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    const got = await outbound.get(url(), { ...limits, maxRedirects: 0 });
    assert.deepEqual([got.status, got.headers['location'], seen.length], [302, '/again', 1]);
  });

  for (const [said, headers] of Object.entries({
    'with its length': { 'content-length': '200000' },
    'without it': {},
  })) {
    it(`stop at the limit of an answer ${said}`, async () => {
      answer = (_request, response) => response.writeHead(200, headers).end(Buffer.alloc(200_000));
      await assert.rejects(outbound.get(url(), limits), { code: 'LIMIT_EXCEEDED', message: /more than 100000 bytes/ });
      const file = join(base, 'file');
      await assert.rejects(outbound.download(url(), file, limits), { code: 'LIMIT_EXCEEDED' });
    });
  }

  it('stop after their time, and say which host was slow, without the query', async () => {
    answer = () => {};
    await assert.rejects(outbound.get(url('/slow?signature=s3cret'), { ...limits, timeoutMs: 50 }), (error: Error) => {
      assert.match(error.message, /localhost:\d+\/slow could not be read: it took too long/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });

  it('say when nobody answers', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    await assert.rejects(outbound.get(`http://127.0.0.1:${port}/`, limits), {
      code: 'UNAVAILABLE',
      message: /ECONNREFUSED/,
    });
  });

  it('download to a file and tell how far they are', async () => {
    const content = Buffer.alloc(90_000, 'abc');
    answer = (_request, response) => response.writeHead(200, { 'content-length': content.length }).end(content);
    const progress: DownloadProgress[] = [];
    const file = join(base, 'file');
    await outbound.download(url(), file, { ...limits, onProgress: (each) => progress.push(each) });
    assert.deepEqual(readFileSync(file), content);
    assert.deepEqual(progress.at(-1), { receivedBytes: 90_000, totalBytes: 90_000 });
  });

  it('go on where a broken connection left off', async () => {
    const content = Buffer.from(Array.from({ length: 60_000 }, (_, at) => at % 251));
    answer = ({ headers }, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
      response.writeHead(from === 0 ? 200 : 206, { ...range, 'content-length': content.length - from });
      if (from >= 40_000) return response.end(content.subarray(from));
      return response.write(content.subarray(from, from + 20_000), () => setTimeout(() => response.destroy(), 50));
    };
    const file = join(base, 'file');
    await outbound.download(url(), file, limits);
    assert.deepEqual(readFileSync(file), content);
    assert.deepEqual(
      seen.map(({ headers }) => headers.range),
      [undefined, 'bytes=20000-', 'bytes=40000-'],
    );
  });

  it('begin again where the server knows no ranges, or the file is too long already', async () => {
    const file = join(base, 'file');
    writeFileSync(file, 'older');
    answer = (_request, response) => response.end('whole');
    await outbound.download(url(), file, limits);
    assert.equal(readFileSync(file, 'utf8'), 'whole');
    writeFileSync(file, 'far too long already');
    answer = ({ headers }, response) => response.writeHead(headers.range === undefined ? 200 : 416).end('whole');
    await outbound.download(url(), file, limits);
    assert.equal(readFileSync(file, 'utf8'), 'whole');
  });

  it('get a file as a whole that is another one by the time they go on', async () => {
    const file = join(base, 'file');
    const [older, newer] = [Buffer.alloc(40_000, 'old'), Buffer.alloc(50_000, 'new')];
    answer = ({ headers }, response) => {
      if (headers.range === undefined) {
        response.writeHead(200, { 'content-length': older.length, etag: '"1"' });
        return response.write(older.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 50));
      }
      return response.writeHead(200, { 'content-length': newer.length, etag: '"2"' }).end(newer);
    };
    await outbound.download(url(), file, limits);
    assert.deepEqual(readFileSync(file), newer);
    assert.deepEqual(
      seen.map(({ headers }) => [headers.range === undefined, headers['if-range']]),
      [[true, undefined], [false, '"1"']], // prettier-ignore
    );
    assert.equal(existsSync(`${file}.etag`), false);
  });

  it('do not trust a tag that says only that two files are alike', async () => {
    const file = join(base, 'file');
    answer = ({ headers }, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      const head = { 'content-range': `bytes ${from}-39999/40000`, 'content-length': 40_000 - from, etag: 'W/"1"' };
      response.writeHead(from === 0 ? 200 : 206, head);
      if (from > 0) return response.end(Buffer.alloc(40_000 - from, 'b'));
      return response.write(Buffer.alloc(20_000, 'a'), () => setTimeout(() => response.destroy(), 50));
    };
    await outbound.download(url(), file, limits);
    assert.deepEqual(seen.map(({ headers }) => headers['if-range']), [undefined, undefined]); // prettier-ignore
  });

  it('refuse a part that was not asked for, and any status but success', async () => {
    const file = join(base, 'file');
    writeFileSync(file, 'begin');
    answer = (_request, response) => response.writeHead(206, { 'content-range': 'bytes 0-3/4' }).end('evil');
    await assert.rejects(outbound.download(url(), file, limits), { message: /another part than was asked for/ });
    answer = (_request, response) => response.writeHead(503).end('later');
    await assert.rejects(outbound.download(url(), file, limits), { code: 'UNAVAILABLE', message: /status 503/ });
    assert.equal(readFileSync(file, 'utf8'), 'begin');
  });
});
