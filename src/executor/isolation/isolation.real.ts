import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { buildGoProvider, fixtureAddress, fixtureVersion } from '../../testing/go-provider.ts';
import { processesWith, userOf } from '../../testing/processes.ts';
import { binaryAt, madeBy, ProviderBench } from '../../testing/provider-bench.ts';
import { requireNamespaces, requireTool } from '../../testing/tools.ts';

const DOOR = new URL('../index.ts', import.meta.url).href;

/** Starts and stops an executor in a process that can make no user namespace; what is logged, and how it went. */
async function startWithoutNamespaces(wish: string, runAs?: object): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-none-'));
  const program = `
    import { startExecutor } from '${DOOR}';
    const say = (details, message) => console.log(message);
    const logger = { debug: say, info: say, warn: say, error: say };
    const isolation = { wish: '${wish}', readable: [], writable: [], hidden: [] };
    const options = { maxProviders: 1, idleMs: 1, callTimeoutMs: 20_000, socketDir: '${folder}' };
    try {
      const executor = await startExecutor({ ...options, isolation, logger, ...${JSON.stringify({ runAs })} });
      console.log('isolation', executor.isolation);
      await executor.close();
    } catch (error) {
      console.log(error.message);
    }
  `;
  const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const child = spawn('unshare', ['--user', '--map-root-user', 'sh', '-c', forbid, 'sh', ...node]);
  const said = await text(child.stdout);
  rmSync(folder, { recursive: true, force: true });
  return said;
}

describe('a machine that permits no namespaces', function () {
  before(requireNamespaces());

  it('runs providers as it did, and says what that means', async () => {
    assert.match(
      await startWithoutNamespaces('auto'),
      /^providers run without namespaces of their own: unshare: .+\. They can read whatever .+\nisolation none\n$/,
    );
  });

  it('does not start where namespaces are demanded', async () => {
    assert.match(
      await startWithoutNamespaces('namespace'),
      /^SLUICE_EXECUTOR_ISOLATION is namespace, which is impossible: unshare: .+ docs\/operations\.md .+\n$/,
    );
  });
});

describe('an executor in namespaces and as another user', function () {
  before(requireTool('go'));
  before(requireNamespaces());

  it('runs its providers as that user, who needs no way through the folders around them', async function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root may become another user
    const folder = mkdtempSync(join(tmpdir(), 'sluice-as-'));
    chmodSync(folder, 0o755);
    const path = join(folder, 'terraform-provider-fixture');
    copyFileSync(await buildGoProvider(), path);
    const binary = await binaryAt(path, fixtureAddress, fixtureVersion);
    const bench = await ProviderBench.open(binary, {
      runAs: { uid: 65_534, gid: 65_534 },
      isolation: 'namespace',
      readable: [folder],
    });
    assert.equal(bench.executor.isolation, 'namespace');
    const session = bench.with({ FIXTURE_DIR: '.' });
    assert.ok(madeBy(await bench.create('fixture_object', { name: 'near' }, session)).state.length > 0);
    const found = [...processesWith('FIXTURE_DIR=.', 'environ'), ...processesWith(`${bench.folder}/`, 'cmdline')];
    assert.deepEqual([...new Set(found.map(userOf))], [65_534]);
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
