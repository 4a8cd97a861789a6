import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';

import { archiveOf } from '../../testing/registry.ts';
import { useRegistry } from '../../testing/registry-bench.ts';
import { requireTool } from '../../testing/tools.ts';
import { hostPlatform } from '../mirror.ts';

const zip = `terraform-provider-cloud_1.0.0_${hostPlatform()}.zip`;
const download = `/download/${hostPlatform().replace('_', '/')}`;

describe('checksums signed by gpg', function () {
  const bench = useRegistry();
  before(requireTool('gpg'));
  before(() => bench.registry.publish({ address: 'acme/cloud', version: '1.0.0' }));

  for (const kind of ['rsa3072', 'ed25519']) {
    it(`are accepted: ${kind}`, async () => {
      const home = bench.at('gpg');
      mkdirSync(home, { mode: 0o700 });
      const gpg = (args: string[], input?: string): Buffer =>
        execFileSync(
          'gpg',
          ['--homedir', home, '--batch', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', ...args],
          {
            input,
            stdio: ['pipe', 'pipe', 'ignore'],
          },
        );
      try {
        gpg(['--quick-generate-key', 'Publisher <publisher@example.com>', kind, 'sign', 'never']);
        const armor = gpg(['--armor', '--export']).toString();
        bench.registry.alter(download, ({ body }) => ({
          body: JSON.stringify({
            ...(JSON.parse(String(body)) as object),
            signing_keys: { gpg_public_keys: [{ ascii_armor: armor }] },
          }),
        }));
        const sums = `${createHash('sha256').update(archiveOf('acme/cloud', '1.0.0')).digest('hex')}  ${zip}\n`;
        bench.registry.alter('SHA256SUMS.sig', () => ({ body: gpg(['--detach-sign'], sums) }));
        assert.equal((await bench.source().resolve('acme/cloud')).version, '1.0.0');
      } finally {
        execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      }
    });
  }
});
