import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import { readFirstLine } from './first-line.ts';
import { OutputTail } from './output-tail.ts';
import { fence } from './provider-failure.ts';

describe('output of a provider', () => {
  const never = new AbortController().signal;

  it('begins with one line, however it is cut into pieces', async () => {
    const stream = new PassThrough();
    const line = readFirstLine(stream, never);
    for (const piece of ['1|5|un', 'ix|/x|grpc', '|AQ\nmore', ' noise\n']) stream.write(piece);
    assert.equal(await line, '1|5|unix|/x|grpc|AQ');
    for (let at = 0; at < 200; at += 1) stream.write('x'.repeat(10_000));
    await turn();
    assert.equal(stream.readableLength, 0); // read on, or the provider would stop
  });

  it('is given up when it has no line', async () => {
    const stream = new PassThrough();
    const line = readFirstLine(stream, never);
    stream.end('no line');
    await assert.rejects(line, /without a handshake line/);
  });

  it('keeps the last lines, and finds the panic among them', async () => {
    const stream = new PassThrough();
    const tail = new OutputTail(stream);
    stream.write(
      `${'noise\n'.repeat(10_000)}panic: boom\ngoroutine 1 [running]:\n{"@level":"debug","@message":"x"}\nrest`,
    );
    await turn();
    assert.equal(tail.lastWords(), 'panic: boom');
  });

  it('says the last line where nothing panicked, and nothing where there was only chatter', async () => {
    const stream = new PassThrough();
    const tail = new OutputTail(stream);
    stream.write('{"@level":"trace","@message":"x"}\n');
    await turn();
    assert.equal(tail.lastWords(), undefined);
    stream.write('first\nsecond');
    await turn();
    assert.equal(tail.lastWords(), 'second');
  });

  it('is fenced: on one line, cut, without control characters', () => {
    assert.equal(fence('a\u001b[31m"b"\n\u202ec'), '"a\\u001b[31m\\"b\\"\\n\ufffdc"');
    assert.ok(fence('x'.repeat(10_000)).length < 310);
  });
});
