import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './server.ts';

const run = promisify(execFile);
const VERSION = '5.2.5';
const START_LIMIT_MS = 120_000;
const folder = fileURLToPath(new URL(`../../node_modules/.cache/sluice/moto-${VERSION}/`, import.meta.url));

/** A stand-in for AWS, on this computer. */
export interface Moto {
  readonly url: string;
  /** Calls a service of it; the answer's text. */
  call(service: string, method: string, path: string, headers?: Record<string, string>, body?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Installed from PyPI once. Needs `python3` (see `requireTool`). */
export async function startMoto(): Promise<Moto> {
  if (!existsSync(folder)) await install();
  const port = await freePort();
  const child = spawn(join(folder, 'bin', 'python3'), ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  await untilUp(url);
  return {
    url,
    async call(service, method, path, headers = {}, body = '') {
      const scope = `test/20260101/eu-west-1/${service}/aws4_request`;
      const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
      const withBody = body === '' ? {} : { body };
      const answer = await fetch(url + path, { method, headers: { authorization, ...headers }, ...withBody });
      return answer.text();
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function install(): Promise<void> {
  const draft = await mkdtemp(join(dirname(dirname(folder)), 'moto-'));
  await run('python3', ['-m', 'venv', draft]);
  await run(join(draft, 'bin/python3'), ['-m', 'pip', 'install', '--quiet', `moto[server]==${VERSION}`]);
  // Programs in there name their folder, so `python3 -m` is what runs after the move.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true })); // another test run was faster
}

async function untilUp(url: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    if (
      await fetch(`${url}/moto-api/`).then(
        () => true,
        () => false,
      )
    )
      return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('the stand-in for AWS did not start');
}
