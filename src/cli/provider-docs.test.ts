import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startTestRegistry, type TestRegistry } from '../testing/registry.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './index.ts';

describe('sluice providers docs', () => {
  let root: string;
  let registry: TestRegistry;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
    registry = await startTestRegistry();
    registry.publish({ address: 'acme/cloud', version: '1.0.0' }, { address: 'acme/cloud', version: '2.0.0' });
    for (const version of ['1.0.0', '2.0.0']) {
      registry.publishDocs('acme/cloud', version, {
        index: `# Cloud ${version}\n`,
        'resources/server': '---\npage_title: "Servers"\n---\n# \u001b[31mServer\n',
        'datasources/server': '# Data\n',
      });
    }
  });
  after(async () => {
    await registry.close();
    rmSync(root, { recursive: true, force: true });
  });

  async function docs(...args: string[]): Promise<string[]> {
    const printed: string[] = [];
    const command = createCommand(aTerminal({ root, print: (line) => printed.push(line) }));
    const to = ['--registry', registry.url, '--registry-search', registry.searchUrl, '--allow-hosts', registry.host];
    await command.parseAsync(['providers', 'docs', 'acme/cloud', ...args, ...to], { from: 'user' });
    return printed;
  }

  it('prints the overview, or what is named', async () => {
    assert.deepEqual(await docs(), ['# Cloud 2.0.0']);
    assert.deepEqual(await docs('--version', '1.0.0'), ['# Cloud 1.0.0']);
    assert.deepEqual(await docs('cloud_server'), ['# Server']);
    assert.deepEqual(await docs('cloud_server', '--kind', 'data-source'), ['# Data']);
  });

  it('lists what there is', async () => {
    assert.deepEqual(await docs('--list'), ['overview index', 'resource server: Servers', 'data-source server']);
    assert.deepEqual(await docs('--list', '--kind', 'data-source'), ['data-source server']);
  });

  it('says what is wrong', async () => {
    await assert.rejects(docs('cloud_srver'), /there is server/);
    await assert.rejects(docs('--kind', 'thing'), /--kind: must be one of overview, resource, data-source, guide/);
  });
});
