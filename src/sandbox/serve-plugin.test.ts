import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createPluginCertificate, MAGIC_COOKIE } from '../providers/index.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('the sandbox as a process', () => {
  let base: string;
  const started: ChildProcess[] = [];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sluice-plugin-'));
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    rmSync(base, { recursive: true });
  });

  function start(environment: Record<string, string>, command = [process.execPath, main]): ChildProcess {
    const [program = '', ...args] = command;
    const env = { PLUGIN_UNIX_SOCKET_DIR: base, ...environment };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    return child;
  }

  const cookie = { [MAGIC_COOKIE.name]: MAGIC_COOKIE.value };

  function firstOutput(child: ChildProcess, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    return new Promise((done) => child[stream]?.once('data', (chunk: Buffer) => done(chunk.toString())));
  }

  it('says what it is when a person starts it', async () => {
    const child = start({});
    assert.match(await firstOutput(child, 'stderr'), /^This is a Terraform provider\./);
    assert.deepEqual((await once(child, 'exit'))[0], 1);
  });

  it('offers protocol 6 with a certificate of its own to a host that sends one', async () => {
    const line = await firstOutput(start({ ...cookie, PLUGIN_CLIENT_CERT: createPluginCertificate().certificatePem }));
    assert.match(line, /^1\|6\|unix\|\/.+\.sock\|grpc\|[A-Za-z0-9+/]{300,}\n$/);
  });

  it('removes its socket when it is told to end', async () => {
    const child = start(cookie);
    await firstOutput(child);
    assert.equal(readdirSync(base).length, 1);
    child.kill('SIGTERM');
    assert.deepEqual((await once(child, 'exit'))[0], 0);
    assert.deepEqual(readdirSync(base), []);
  });

  it('ends when its host was killed', async () => {
    const host = start(cookie, ['/bin/sh', '-c', `"${process.execPath}" "${main}" & echo $! >&2; wait`]);
    const [pid] = await Promise.all([firstOutput(host, 'stderr').then(Number), firstOutput(host)]);
    host.kill('SIGKILL');
    const deadline = Date.now() + 5_000;
    while (isAlive(pid) && Date.now() < deadline) await delay(50);
    assert.equal(isAlive(pid), false);
    assert.deepEqual(readdirSync(base), []);
  });

  it('says which setting to change when its socket would have too long a path', async () => {
    const folder = join(base, 'x'.repeat(120));
    mkdirSync(folder);
    assert.match(
      await firstOutput(start({ ...cookie, PLUGIN_UNIX_SOCKET_DIR: folder }), 'stderr'),
      /set PLUGIN_UNIX_SOCKET_DIR/,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
