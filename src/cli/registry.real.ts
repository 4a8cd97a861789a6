import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hostPlatform } from '../providers/mirror.ts';
import { buildGoProvider, buildTimeProvider, fixtureAddress, fixtureVersion } from '../testing/go-provider.ts';
import { layMirror, timeAddress, timeVersion } from '../testing/go-provider.ts';
import { startTestRegistry, type TestRegistry } from '../testing/registry.ts';
import { requireTool } from '../testing/tools.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './index.ts';

describe('sluice providers with real providers from a registry', function () {
  before(requireTool('go'));
  before(requireTool('terraform'));

  let root: string;
  let registry: TestRegistry;
  let printed: string[];
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-registry-'));
    registry = await startTestRegistry();
    const packages = [
      { address: timeAddress, version: timeVersion, binary: await buildTimeProvider() },
      { address: fixtureAddress, version: fixtureVersion, binary: await buildGoProvider() },
    ];
    await layMirror(join(root, 'mirror'), packages, 'packed');
    for (const { address, version } of packages) {
      registry.publish(
        { address, version, archive: readFileSync(archivePath(address, version)) },
        { address, version, platform: 'plan9_mips' },
      );
    }
  });
  after(async () => {
    await registry.close();
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach(() => {
    printed = [];
    registry.reset();
  });

  const archivePath = (address: string, version: string): string => {
    const name = `terraform-provider-${address.split('/')[1]}_${version}_${hostPlatform()}.zip`;
    return join(root, 'mirror/registry.opentofu.org', address, name);
  };
  const sluice = (...args: string[]) =>
    createCommand(aTerminal({ root, print: (line) => printed.push(line) })).parseAsync(
      ['providers', ...args, '--registry', registry.url, '--allow-hosts', registry.host],
      { from: 'user' },
    );

  it('adds them, telling how far the download is, and updates them without another one', async () => {
    await sluice('add', timeAddress);
    assert.match(printed[0] ?? '', /^hashicorp\/time 0\.14\.2: downloading of \d+\.\d MB, \d+ %$/);
    assert.match(printed.at(-2) ?? '', /downloaded of \d+\.\d MB, 100 %$/);
    assert.match(printed.at(-1) ?? '', /hashicorp\/time 0\.14\.2: 4 resource types/);
    assert.ok(printed.length <= 12);
    await sluice('add', fixtureAddress);
    assert.match(printed.at(-1) ?? '', /sluice\/fixture 1\.0\.0: \d+ resource types/);
  });

  it('refuses one whose archive was changed, and runs nothing of it', async () => {
    registry.alter('.zip', ({ body }) => ({ body: Buffer.concat([Buffer.from(body), Buffer.from('x')]) }));
    rmSync(join(root, '.cache'), { recursive: true });
    await assert.rejects(sluice('update', timeAddress), { code: 'PROVIDER_REFUSED', message: /checksum that vouches/ });
  });

  it('keeps a lock file that terraform accepts as it is', () => {
    const folder = join(root, 'terraform');
    mkdirSync(folder);
    copyFileSync(join(root, 'schema/providers/lock.hcl'), join(folder, '.terraform.lock.hcl'));
    writeFileSync(
      join(folder, 'main.tf'),
      `terraform {
  required_providers {
    time    = { source = "registry.opentofu.org/${timeAddress}" }
    fixture = { source = "registry.opentofu.org/${fixtureAddress}" }
  }
}
`,
    );
    const mirror = `provider_installation {\n  filesystem_mirror {\n    path = "${join(root, 'mirror')}"\n  }\n}\n`;
    writeFileSync(join(folder, 'terraform.rc'), mirror);
    const { status, stdout, stderr } = spawnSync('terraform', ['init', '-no-color', '-lockfile=readonly'], {
      cwd: folder,
      env: { ...process.env, TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'), CHECKPOINT_DISABLE: '1' },
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /Reusing previous version/);
    assert.equal(readFileSync(join(folder, '.terraform.lock.hcl'), 'utf8').match(/"zh:/g)?.length, 4);
  });
});
