import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { invitationIn, password, plainPerson } from '../testing/person.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

const suite = resolve(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');

describe('conformance of the authorization server', () => {
  let server: TestServer;
  let ada: ReturnType<typeof plainPerson>;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  before(async () => {
    server = await startTestServer();
    ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is found in both scenarios, while a person signs in and approves', async () => {
    const port = await freePort();
    const args = ['authorization', '--url', server.url, '--client-id', await register(port), '--port', String(port)];
    const child = spawn(process.execPath, [suite, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let decided: Promise<void> | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const asked = new RegExp(`${server.url}/oauth/authorize\\?\\S+`).exec(output)?.[0];
        if (asked !== undefined && output.includes('Waiting')) decided ??= decide(asked);
      });
    }
    await once(child, 'exit');
    await decided;
    for (const scenario of ['authorization-server-metadata-endpoint', 'authorization-code-grant']) {
      assert.match(output, new RegExp(`✓ ${scenario}`), output);
    }
    assert.doesNotMatch(output, /✗|WARNING|SKIPPED/);
    assert.equal(child.exitCode, 0, output);
  });

  async function register(port: number): Promise<string> {
    const answer = await fetch(`${server.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Conformance',
        redirect_uris: [`http://127.0.0.1:${port}/callback`],
        token_endpoint_auth_method: 'none',
      }),
    });
    const { client_id: id } = (await answer.json()) as { client_id: string };
    return id;
  }

  /**
   * The suite's client names no resource. This server gives out no token without one, which the protocol asks of
   * clients since 2025-06-18; so it is added on the way to the browser.
   */
  async function decide(asked: string): Promise<void> {
    const url = new URL(asked);
    url.searchParams.set('resource', `${server.url}/mcp`);
    const callback = await ada.decide(url, { approve: true });
    await fetch(callback);
  }
});

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  assert.ok(address !== null && typeof address === 'object');
  listener.close();
  return address.port;
}
