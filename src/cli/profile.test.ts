import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCommand } from './command.ts';

describe('sluice profile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
  const key = join(folder, 'key.json');
  let server: Server;
  let url: string;

  before(async () => {
    writeFileSync(key, JSON.stringify({ id: 'key-id', secret: 'right' }));
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const known = body.includes('"id":"key-id"') && body.includes('"secret":"right"');
        response.end(JSON.stringify({ data: { apiKeyUser: known ? { jwt: 'a.b.c' } : null } }));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    url = `http://127.0.0.1:${address.port}`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function run(...args: string[]): Promise<string[]> {
    const lines: string[] = [];
    const command = createCommand({ print: (line) => lines.push(line), root: folder });
    await command.parseAsync(['node', 'sluice', 'profile', ...args]);
    return lines;
  }

  it('export-token prints the token and nothing else', async () => {
    assert.deepEqual(await run('export-token', '--url', url, '--key', key), ['a.b.c']);
  });

  it('mcp-headers prints the headers as one JSON object', async () => {
    assert.deepEqual(await run('mcp-headers', '--url', url, '--key', key), ['{"Authorization":"Bearer a.b.c"}']);
  });

  it('says what to do without a key, with a wrong one, and without a server', async () => {
    const missing = join(folder, 'none.json');
    await assert.rejects(
      run('export-token', '--url', url, '--key', missing),
      /no API key in .*none\.json: start the server once, or name the file/,
    );
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ id: 'key-id', secret: 'wrong' }));
    await assert.rejects(run('export-token', '--url', url, '--key', join(folder, 'wrong.json')), /refused the API key/);
    await assert.rejects(
      run('export-token', '--url', 'http://127.0.0.1:1', '--key', key),
      /no server answers at http:\/\/127\.0\.0\.1:1: start it/,
    );
  });
});
