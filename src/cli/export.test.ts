import assert from 'node:assert/strict';
import { join } from 'node:path';

import { read, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './command.ts';

describe('sluice export', () => {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
    read(await server.graphql('mutation { intentProjectCreate(name: "Taken along") { id } }'));
    const pet = 'intentProject: "taken-along", resourceID: "pet", provider: "sluice/sandbox", type: "sandbox_pet"';
    read(await server.graphql(`mutation { intentResourceCreate(${pet}, config: { length: 3 }) { id } }`));
  });

  async function run(...args: string[]): Promise<string> {
    const lines: string[] = [];
    const command = createCommand(aTerminal({ print: (line) => lines.push(line), root: '/nowhere' }));
    const key = join(server.dataDir, 'admin-key.json');
    await command.parseAsync(['node', 'sluice', 'export', ...args, '--url', server.url, '--key', key]);
    return lines.join('\n');
  }

  it('hcl prints the configuration', async () => {
    assert.match(await run('hcl', 'taken-along'), /resource "sandbox_pet" "pet" \{\n {2}length = 3\n\}/);
    await assert.rejects(run('hcl', 'no-such-project'), /no such intent project/);
  });

  it('log prints a line for each operation', async () => {
    assert.match(await run('log', 'taken-along', '--resource', 'pet'), /^\{"id":.*"kind":"CREATE".*\}$/);
  });
});
