import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';

import { archiveOf, createTestKey, signBytes } from '../../testing/registry.ts';
import { useRegistry } from '../../testing/registry-bench.ts';
import { zipArchive } from '../../testing/zip-archive.ts';
import { verifyBinary } from '../index.ts';
import { hostPlatform } from '../mirror.ts';

const zip = `terraform-provider-cloud_1.0.0_${hostPlatform()}.zip`;
const download = `/download/${hostPlatform().replace('_', '/')}`;
const evil = archiveOf('acme/cloud', 'evil');

describe('a hostile registry or publisher', () => {
  const bench = useRegistry();
  before(() => bench.registry.publish({ address: 'acme/cloud', version: '1.0.0' }));

  /** Nothing was installed, pinned or left to be run. */
  async function expectRefused(message: RegExp, code = 'PROVIDER_REFUSED'): Promise<void> {
    await assert.rejects(bench.source().resolve('acme/cloud'), { code, message });
    const left = existsSync(bench.at('cache')) ? readdirSync(bench.at('cache'), { recursive: true }) : [];
    assert.deepEqual(
      left.filter((name) => /terraform-provider-[^/]*$/.test(String(name)) && !String(name).endsWith('.part')),
      [],
    );
    assert.equal(existsSync(bench.at('lock.hcl')), false);
  }
  const alterDownload = (change: Record<string, unknown>): void =>
    bench.registry.alter(download, ({ body }) => ({
      body: JSON.stringify({ ...(JSON.parse(String(body)) as object), ...change }),
    }));
  const alterSums = (sums: string, signature?: Uint8Array): void => {
    bench.registry.alter('SHA256SUMS', () => ({ body: sums }));
    if (signature !== undefined) bench.registry.alter('SHA256SUMS.sig', () => ({ body: signature }));
  };
  const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
  const sumsOf = (content: Uint8Array, name = zip): string => `${sha256(content)}  ${name}\n`;

  it('is the exception: the same registry unaltered is served from', async () => {
    assert.equal((await bench.source().resolve('acme/cloud')).version, '1.0.0');
  });

  it('sends another archive', async () => {
    bench.registry.alter('.zip', () => ({ body: evil }));
    await expectRefused(/does not have the checksum that vouches for it: it was changed or cut off/);
  });

  it('sends a truncated archive and calls it whole', async () => {
    bench.registry.alter('.zip', ({ body }) => ({ body: Buffer.from(body).subarray(0, -10) }));
    await expectRefused(/changed or cut off/);
  });

  it('sends a truncated archive and breaks the connection', async () => {
    const archive = archiveOf('acme/cloud', '1.0.0');
    const headers = { 'content-length': String(archive.length) };
    bench.registry.alter('.zip', () => ({ headers, body: archive.subarray(0, -10), breaks: true }));
    await expectRefused(/could not be read/, 'UNAVAILABLE');
  });

  it('names the checksum of another archive', async () => {
    alterDownload({ shasum: sha256(evil) });
    bench.registry.alter('.zip', () => ({ body: evil }));
    await expectRefused(/names another checksum than the signed one/);
  });

  it('changes the checksums after they were signed', async () => {
    alterSums(sumsOf(evil));
    bench.registry.alter('.zip', () => ({ body: evil }));
    await expectRefused(/the signature of its checksums by key [0-9A-F]{16} does not fit them/);
  });

  it('signs with a key that it does not name', async () => {
    const other = await createTestKey();
    alterSums(sumsOf(evil), await signBytes(sumsOf(evil), other));
    bench.registry.alter('.zip', () => ({ body: evil }));
    await expectRefused(new RegExp(`signed by key ${other.id}, which the registry does not name`));
  });

  it('forges the identity of the key that signed', async () => {
    const other = await createTestKey();
    const signature = Buffer.from(await signBytes(sumsOf(evil), other));
    const forged = Buffer.from(
      signature.toString('hex').replaceAll(other.id.toLowerCase(), bench.registry.key.id),
      'hex',
    );
    assert.notDeepEqual(forged, signature);
    alterSums(sumsOf(evil), forged);
    await expectRefused(/does not fit them/);
  });

  for (const [name, answer, message] of [
    ['has no signature', { status: 404 }, /its checksums are not signed/],
    ['hides the signature', { status: 403 }, /its checksums are not signed/],
    ['gives an empty signature', { body: '' }, /the signature of its checksums is damaged/],
    ['gives nonsense for a signature', { body: 'signed, honestly' }, /the signature of its checksums is damaged/],
    [
      'gives a text for a signature',
      { body: '-----BEGIN PGP SIGNATURE-----' },
      /signature of its checksums is damaged/,
    ],
  ] as const) {
    it(name, async () => {
      bench.registry.alter('SHA256SUMS.sig', () => answer);
      await expectRefused(message);
    });
  }

  it('does not say where the signature is', async () => {
    alterDownload({ shasums_signature_url: undefined });
    await expectRefused(/its checksums are not signed/);
  });

  for (const [name, keys, message] of [
    ['names no keys', undefined, /names no key that could/],
    ['names an empty list of keys', [], /names no key that could/],
    [
      'names a key that is none',
      [{ ascii_armor: 'trust me' }],
      /signed by key [0-9A-F]{16}, which the registry does not/,
    ],
    ['names more keys than anybody has', Array.from({ length: 21 }, () => ({ ascii_armor: 'x' })), /more than 20 keys/],
  ] as const) {
    it(name, async () => {
      alterDownload({ signing_keys: keys === undefined ? undefined : { gpg_public_keys: keys } });
      await expectRefused(message);
    });
  }

  it('has signed checksums, but of other files', async () => {
    const sums = sumsOf(evil, 'terraform-provider-cloud_1.0.0_plan9_mips.zip');
    alterSums(sums, await signBytes(sums, bench.registry.key));
    await expectRefused(/its signed checksums do not name terraform-provider-cloud_1\.0\.0/);
  });

  it('signed with a key that had expired', async () => {
    const born = new Date(Date.now() - 10 * 86_400_000);
    const expired = await createTestKey({ date: born, lifeSeconds: 5 * 86_400 });
    const sums = sumsOf(archiveOf('acme/cloud', '1.0.0'));
    alterDownload({ signing_keys: { gpg_public_keys: [{ key_id: expired.id, ascii_armor: expired.armor }] } });
    alterSums(sums, await signBytes(sums, expired, new Date(born.getTime() + 86_400_000)));
    assert.equal((await bench.source().resolve('acme/cloud')).version, '1.0.0', 'signed while the key was valid');
  });

  for (const [name, change] of Object.entries({
    'offers the package of another machine': { filename: 'terraform-provider-cloud_1.0.0_plan9_mips.zip' },
    'offers another architecture under the right name': { arch: 'mips' },
    'offers another system under the right name': { os: 'plan9' },
    'offers another version': { filename: zip.replace('1.0.0', '0.9.0') },
    'offers a name that leaves the folder': { filename: `../../${zip}` },
  })) {
    it(name, async () => {
      alterDownload(change);
      await expectRefused(/which is not for/);
    });
  }

  it('signs an archive for another machine under the right name', async () => {
    const empty = zipArchive([{ name: 'terraform-provider-other_v1.0.0', content: 'x' }]);
    alterDownload({ shasum: sha256(empty) });
    alterSums(sumsOf(empty), await signBytes(sumsOf(empty), bench.registry.key));
    bench.registry.alter('.zip', () => ({ body: empty }));
    await assert.rejects(bench.source().resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /no file terraform-provider-cloud/,
    });
  });

  it('signs an archive whose names lead out of the folder', async () => {
    const slip = zipArchive([{ name: '../../terraform-provider-cloud', content: 'x', mode: 0o100755 }]);
    alterDownload({ shasum: sha256(slip) });
    alterSums(sumsOf(slip), await signBytes(sumsOf(slip), bench.registry.key));
    bench.registry.alter('.zip', () => ({ body: slip }));
    await expectRefused(/could leave its folder|cannot be unpacked|invalid relative path/);
  });

  describe('redirects', () => {
    let canary: Server;
    let connections = 0;
    before(async () => {
      canary = createServer((socket) => {
        connections += 1;
        socket.destroy();
      }).listen(0, '::');
      await once(canary, 'listening');
    });
    after(() => canary.close());
    const port = (): number => (canary.address() as AddressInfo).port;

    for (const part of ['terraform.json', '/versions', download, 'SHA256SUMS', 'SHA256SUMS.sig', '.zip']) {
      it(`${part} to a private address`, async () => {
        for (const target of [
          'http://127.0.0.1',
          'https://localhost',
          'https://[::ffff:127.0.0.1]',
          'https://2130706433',
        ]) {
          bench.registry.alter(part, () => ({ status: 302, headers: { location: `${target}:${port()}/x` } }));
          await expectRefused(/the provider cannot be got: url: .* is refused|the host is refused/);
        }
        assert.equal(connections, 0);
      });
    }

    for (const field of ['download_url', 'shasums_url', 'shasums_signature_url']) {
      it(`with ${field}, which names a private address`, async () => {
        for (const url of [`http://169.254.169.254:${port()}/`, `https://127.1:${port()}/`, 'file:///etc/passwd']) {
          alterDownload({ [field]: url });
          await expectRefused(/the provider cannot be got: url: .* is refused/);
        }
        assert.equal(connections, 0);
      });
    }
  });

  describe('the index', () => {
    for (const [name, answer, message] of [
      ['is larger than any', { body: Buffer.alloc(5_000_000, ' ') }, /more than 4000000 bytes/],
      [
        'names more versions than anybody has',
        { body: JSON.stringify({ versions: Array.from({ length: 5_001 }, (_, n) => ({ version: `1.0.${n}` })) }) },
        /more than 5000 versions/,
      ],
      ['is no JSON', { body: '<html>' }, /what is no JSON/],
      ['is another JSON', { body: '[]' }, /no JSON object/],
      ['has no versions', { body: '{}' }, /no list of versions/],
    ] as const) {
      it(name, async () => {
        bench.registry.alter('/versions', () => answer);
        await expectRefused(message, name.startsWith('is larger') ? 'LIMIT_EXCEEDED' : 'UNAVAILABLE');
      });
    }

    it('names versions that would be folders elsewhere: they are no versions', async () => {
      const platforms = [{ os: hostPlatform().split('_')[0], arch: hostPlatform().split('_')[1] }];
      const versions = ['../../1.0.0', '1.0', 'v1.0.0', '1.0.0/..', 7, null].map((version) => ({ version, platforms }));
      bench.registry.alter('/versions', () => ({ body: JSON.stringify({ versions: [...versions, 'x', null] }) }));
      await expectRefused(/no such provider/, 'NO_SUCH');
    });

    it('names providers of an old protocol only', async () => {
      bench.registry.alter('/versions', ({ body }) => ({ body: String(body).replace('"6.0"', '"4.0"') }));
      await expectRefused(/no such provider/, 'NO_SUCH');
    });
  });

  it('publishes another package under a pinned version, signed and all', async () => {
    await bench.source().resolve('acme/cloud');
    const before = readFileSync(bench.at('lock.hcl'), 'utf8');
    // The checksum of a sibling stays, so only a comparison of the package's own checksum can tell.
    const sums = `${sumsOf(evil)}${sumsOf(archiveOf('acme/cloud', '1.0.0'), 'terraform-provider-cloud_1.0.0_plan9_mips.zip')}`;
    alterDownload({ shasum: sha256(evil) });
    alterSums(sums, await signBytes(sums, bench.registry.key));
    bench.registry.alter('.zip', () => ({ body: evil }));
    const elsewhere = bench.source({ cacheDir: bench.at('cache-2') });
    await assert.rejects(elsewhere.resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /does not match any of the checksums pinned in/,
    });
    assert.equal(readFileSync(bench.at('lock.hcl'), 'utf8'), before);
  });

  it('is not needed for a swap of the binary after the check, which is refused too', async () => {
    const binary = await bench.source().resolve('acme/cloud');
    writeFileSync(binary.path, 'evil!');
    await assert.rejects(verifyBinary(binary), {
      code: 'PROVIDER_REFUSED',
      message: /was changed after it was checked/,
    });
  });
});
