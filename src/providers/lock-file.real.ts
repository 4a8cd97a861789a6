import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildTimeProvider, layMirror, timeAddress, timeVersion } from '../testing/go-provider.ts';
import { requireTool } from '../testing/tools.ts';
import { createProviderSource, type ProviderCatalogue } from './index.ts';

const configuration = `terraform {
  required_providers {
    time = { source = "registry.opentofu.org/hashicorp/time" }
  }
}
`;

describe('the lock file and the terraform binary', function () {
  before(requireTool('go'));
  before(requireTool('terraform'));

  let base: string;
  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
    const time = { address: timeAddress, version: timeVersion, binary: await buildTimeProvider() };
    await layMirror(join(base, 'packed'), [time], 'packed');
    await layMirror(join(base, 'unpacked'), [time], 'unpacked');
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  function workFolder(name: string, mirror: string): string {
    const folder = join(base, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'main.tf'), configuration);
    writeFileSync(
      join(folder, 'terraform.rc'),
      `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
    );
    return folder;
  }

  function terraformInit(folder: string, ...options: string[]): { status: number | null; output: string } {
    const env = { ...process.env, TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'), CHECKPOINT_DISABLE: '1' };
    const { status, stdout, stderr } = spawnSync('terraform', ['init', '-no-color', ...options], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  function source(mirrorDir: string, lockFile: string, cache = 'cache'): ProviderCatalogue {
    return createProviderSource({
      allowed: [{ address: timeAddress }],
      mirrorDir,
      lockFile,
      cacheDir: join(base, cache),
    });
  }

  for (const form of ['packed', 'unpacked']) {
    it(`agree on a ${form} package: ours is accepted as it is, theirs by us`, async () => {
      const mirror = join(base, form);
      const ours = workFolder(`ours-${form}`, mirror);
      await source(mirror, join(ours, '.terraform.lock.hcl')).resolve(timeAddress);
      const accepted = terraformInit(ours, '-lockfile=readonly');
      assert.equal(accepted.status, 0, accepted.output);
      assert.match(accepted.output, /Reusing previous version/);

      const theirs = workFolder(`theirs-${form}`, mirror);
      assert.equal(terraformInit(theirs).status, 0);
      const lock = join(theirs, '.terraform.lock.hcl');
      const [h1] = /h1:[^"]+/.exec(readFileSync(lock, 'utf8')) ?? [];
      assert.ok(h1 !== undefined && readFileSync(join(ours, '.terraform.lock.hcl'), 'utf8').includes(h1));
      assert.equal((await source(mirror, lock, 'cache-2').resolve(timeAddress)).version, timeVersion);
    });
  }

  it('refuse the same changed package', async () => {
    const mirror = join(base, 'changed');
    cpSync(join(base, 'unpacked'), mirror, { recursive: true });
    const folder = workFolder('refused', mirror);
    const lockFile = join(folder, '.terraform.lock.hcl');
    const { path } = await source(mirror, lockFile).resolve(timeAddress);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(0)]));
    await assert.rejects(source(mirror, lockFile).resolve(timeAddress), { code: 'PROVIDER_REFUSED' });
    assert.match(terraformInit(folder).output, /doesn't match\s+any of the checksums/);
  });
});
