import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { zipArchive } from '../testing/zip-archive.ts';
import { createProviderSource, verifyBinary, type ProviderCatalogue, type ProviderSourceOptions } from './index.ts';
import { hostPlatform } from './mirror.ts';

describe('where providers come from', () => {
  let base: string;
  const at = (...parts: string[]): string => join(base, ...parts);

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sluice-source-'));
    mkdirSync(at('mirror'));
  });
  afterEach(() => rmSync(base, { recursive: true }));

  function source(options: Partial<ProviderSourceOptions> = {}): ProviderCatalogue {
    return createProviderSource({
      allowed: [{ address: 'acme/*' }, { address: 'sluice/sandbox' }],
      mirrorDir: at('mirror'),
      cacheDir: at('cache'),
      lockFile: at('lock.hcl'),
      ...options,
    });
  }

  function addUnpacked(version: string, content = `unpacked ${version}`, host = 'registry.opentofu.org'): string {
    const folder = at('mirror', host, 'acme/cloud', version, hostPlatform());
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `terraform-provider-cloud_v${version}`);
    writeFileSync(path, content, { mode: 0o755 });
    return path;
  }

  function addPacked(version: string, content = `packed ${version}`, platform = hostPlatform()): string {
    const folder = at('mirror/registry.opentofu.org/acme/cloud');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `terraform-provider-cloud_${version}_${platform}.zip`);
    writeFileSync(path, zipArchive([{ name: `terraform-provider-cloud_v${version}`, content, mode: 0o100755 }]));
    return path;
  }

  it('takes the newest version that the constraint allows, from both layouts of a mirror', async () => {
    addUnpacked('1.0.0');
    addPacked('1.2.0');
    addUnpacked('2.0.0-beta1');
    addPacked('3.0.0', '', 'plan9_mips');
    assert.deepEqual(await source().versions('acme/cloud'), ['2.0.0-beta1', '1.2.0', '1.0.0']);
    const newest = await source().resolve('acme/cloud');
    assert.equal(newest.version, '1.2.0');
    assert.equal(readFileSync(newest.path, 'utf8'), 'packed 1.2.0');
    assert.equal(
      (await source().resolve('acme/cloud', '~> 1.0.0')).path,
      at('mirror/registry.opentofu.org/acme/cloud/1.0.0', hostPlatform(), 'terraform-provider-cloud_v1.0.0'),
    );
  });

  it('stays with the pinned version when a newer one arrives', async () => {
    addPacked('1.0.0');
    await source().resolve('acme/cloud');
    addPacked('1.1.0');
    assert.equal((await source().resolve('acme/cloud')).version, '1.0.0');
    assert.equal((await source().resolve('acme/cloud', '1.1.0')).version, '1.1.0');
    assert.equal((await source().resolve('acme/cloud')).version, '1.0.0');
  });

  it('prefers a development override, a file or the folder that holds it', async () => {
    const path = addUnpacked('1.0.0');
    mkdirSync(at('built'));
    writeFileSync(at('built/terraform-provider-cloud'), 'mine');
    for (const override of [at('built'), at('built/terraform-provider-cloud')]) {
      const found = await source({ developmentOverrides: { 'acme/cloud': override } }).resolve('acme/cloud', '~> 1.0');
      assert.deepEqual([found.path, found.version], [at('built/terraform-provider-cloud'), '0.0.0-dev']);
    }
    assert.equal((await source().resolve('acme/cloud')).path, path);
  });

  it('has the sandbox built in', async () => {
    const found = await source({ mirrorDir: undefined }).resolve('sluice/sandbox');
    assert.match(found.path, /src\/sandbox\/main\.ts$/);
    assert.deepEqual(found.command, [process.execPath, found.path]);
    assert.match(found.sha256, /^[0-9a-f]{64}$/);
  });

  it('finds providers by their names, best first, and only allowed ones', async () => {
    addUnpacked('1.0.0');
    mkdirSync(at('mirror/registry.opentofu.org/other/cloud/1.0.0', hostPlatform()), { recursive: true });
    writeFileSync(at('mirror/stray-file'), '');
    assert.deepEqual(
      (await source().search('')).map((hit) => hit.address),
      ['acme/cloud', 'sluice/sandbox'],
    );
    assert.deepEqual(await source().search('clou'), [
      { address: 'acme/cloud', versions: ['1.0.0'], source: 'filesystem mirror' },
    ]);
    assert.deepEqual(await source().search('nothing of the kind'), []);
    const overridden = source({ developmentOverrides: { 'acme/cloud': at('mirror') } });
    assert.deepEqual(await overridden.search('acme/cloud'), [
      { address: 'acme/cloud', versions: ['0.0.0-dev'], source: 'development override' },
    ]);
  });

  it('refuses a provider off the allow-list before anything of it is read', async () => {
    addPacked('1.0.0');
    const closed = source({ allowed: [{ address: 'sluice/sandbox' }] });
    await assert.rejects(closed.resolve('acme/cloud'), { code: 'PROVIDER_REFUSED', message: /allow-list/ });
    await assert.rejects(closed.versions('acme/cloud'), { code: 'PROVIDER_REFUSED' });
    await assert.rejects(closed.resolve('acme/none'), { code: 'PROVIDER_REFUSED' });
    assert.deepEqual(readdirSync(base), ['mirror']);
  });

  it('passes over versions that the allow-list leaves out', async () => {
    addPacked('1.0.0');
    addPacked('2.0.0');
    const old = source({ allowed: [{ address: 'acme/cloud', versions: '< 2' }] });
    assert.equal((await old.resolve('acme/cloud')).version, '1.0.0');
    assert.deepEqual(await old.versions('acme/cloud'), ['1.0.0']);
    await assert.rejects(old.resolve('acme/cloud', '2.0.0'), { code: 'PROVIDER_REFUSED', message: /version 2\.0\.0/ });
  });

  it('says which versions there are when none fits', async () => {
    addPacked('1.0.0');
    await assert.rejects(source().resolve('acme/cloud', '> 5'), {
      code: 'NO_SUCH',
      message: /none that fits "> 5"; there is 1\.0\.0/,
    });
    await assert.rejects(source().resolve('sluice/sandbox', '> 5'), { code: 'NO_SUCH' });
  });

  it('says what to do about an absent provider', async () => {
    await assert.rejects(source().resolve('acme/none'), {
      code: 'NO_SUCH',
      message: /add a package for this platform/,
    });
    await assert.rejects(source({ mirrorDir: undefined }).resolve('acme/none'), { message: /SLUICE_PROVIDER_MIRROR/ });
    await assert.rejects(source({ mirrorDir: at('nowhere') }).resolve('acme/none'), {
      message: /nowhere, which is no folder/,
    });
    addUnpacked('1.0.0', 'x', 'registry.terraform.io');
    await assert.rejects(source().resolve('acme/cloud'), {
      message: /it has registry\.terraform\.io\/acme\/cloud: name that/,
    });
  });

  for (const [form, add] of Object.entries({ packed: addPacked, unpacked: addUnpacked })) {
    it(`refuses another ${form} package under a pinned version, and says how to accept it`, async () => {
      add('1.0.0', 'good');
      await source().resolve('acme/cloud');
      add('1.0.0', 'evil');
      const message = /^the package of registry\.opentofu\.org\/acme\/cloud 1\.0\.0 does not match .* remove the block/;
      await assert.rejects(source().resolve('acme/cloud'), { code: 'PROVIDER_REFUSED', message });
      rmSync(at('lock.hcl'));
      assert.equal(readFileSync((await source().resolve('acme/cloud')).path, 'utf8'), 'evil');
    });
  }

  it('never runs a cached copy that was tampered with: it is unpacked anew', async () => {
    addPacked('1.0.0', 'good');
    const { path } = await source().resolve('acme/cloud');
    writeFileSync(path, 'evil');
    writeFileSync(join(path, '..', 'extra'), 'evil');
    const again = await source().resolve('acme/cloud');
    assert.equal(readFileSync(again.path, 'utf8'), 'good');
    assert.deepEqual(readdirSync(join(again.path, '..')), ['terraform-provider-cloud_v1.0.0']);
  });

  for (const [form, add] of Object.entries({ packed: addPacked, unpacked: addUnpacked })) {
    it(`answers for what it checked when a ${form} package is swapped meanwhile`, async () => {
      const path = add('1.0.0', 'good');
      const { sha256 } = await source().resolve('acme/cloud');
      const good = readFileSync(path);
      add('1.0.0', 'evil');
      const evil = readFileSync(path);
      let swapping = true;
      const swap = (turn: number): void => {
        writeFileSync(at('swap'), turn % 2 === 0 ? good : evil);
        renameSync(at('swap'), path);
        if (swapping) setImmediate(swap, turn + 1);
      };
      swap(0);
      const wrong = new Set<string>();
      for (let round = 0; round < 20; round += 1) {
        const providers = source({ cacheDir: at('cache', `${round}`) });
        const found = await providers.resolve('acme/cloud').catch(() => undefined);
        if (found !== undefined && found.sha256 !== sha256) wrong.add(found.sha256);
      }
      swapping = false;
      assert.deepEqual([...wrong], []);
    });
  }

  it('refuses a binary that was swapped after the check, with the same length and times', async () => {
    const path = addUnpacked('1.0.0', 'good');
    const providers = source();
    const binary = await providers.resolve('acme/cloud');
    await verifyBinary(binary);
    writeFileSync(path, 'evil');
    await assert.rejects(verifyBinary(binary), {
      code: 'PROVIDER_REFUSED',
      message: /was changed after it was checked/,
    });
    await assert.rejects(providers.resolve('acme/cloud'), { code: 'PROVIDER_REFUSED' });
    rmSync(path);
    await assert.rejects(verifyBinary(binary), { code: 'PROVIDER_REFUSED', message: /is gone/ });
  });

  it('refuses an unpacked package with a link in it: what is hashed must be what is run', async () => {
    symlinkSync('/bin/true', join(addUnpacked('1.0.0'), '..', 'terraform-provider-cloud'));
    await assert.rejects(source().resolve('acme/cloud'), { code: 'PROVIDER_REFUSED', message: /a link or a device/ });
  });

  it('refuses a package without an executable', async () => {
    addPacked('1.0.0');
    writeFileSync(
      at('mirror/registry.opentofu.org/acme/cloud', `terraform-provider-cloud_2.0.0_${hostPlatform()}.zip`),
      zipArchive([{ name: 'README', content: '' }]),
    );
    await assert.rejects(source().resolve('acme/cloud', '2.0.0'), {
      code: 'PROVIDER_REFUSED',
      message: /no file terraform-provider-cloud/,
    });
  });

  it('keeps nothing of an archive that is refused', async () => {
    const path = addPacked('1.0.0');
    appendFileSync(path, 'x');
    writeFileSync(path, readFileSync(path).subarray(0, 60));
    await assert.rejects(source().resolve('acme/cloud'), { code: 'PROVIDER_REFUSED' });
    assert.deepEqual(readdirSync(at('cache/registry.opentofu.org/acme/cloud/1.0.0', hostPlatform())), []);
    assert.equal(readdirSync(base).includes('lock.hcl'), false);
  });

  it('says which disk problem kept it from installing, and pins nothing', async () => {
    addPacked('1.0.0');
    writeFileSync(at('file'), '');
    const noCache = source({ cacheDir: at('file/cache') });
    await assert.rejects(noCache.resolve('acme/cloud'), { code: 'UNAVAILABLE', message: /ENOTDIR\); mend the folder/ });
    assert.equal(readdirSync(base).includes('lock.hcl'), false);
    const noLock = source({ lockFile: '/dev/full/lock.hcl' });
    await assert.rejects(noLock.resolve('acme/cloud'), { message: /lock file \/dev\/full\/lock\.hcl/ });
  });

  it('removes what a crash left of an installation, but not one that is under way', async () => {
    addPacked('1.0.0');
    const folder = at('cache/registry.opentofu.org/acme/cloud/1.0.0', hostPlatform());
    for (const name of ['.draft-old', '.draft-new']) mkdirSync(join(folder, name), { recursive: true });
    utimesSync(join(folder, '.draft-old'), 1, 1);
    await source().resolve('acme/cloud');
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      ['.draft-new'],
    );
  });

  it('refuses to work with a lock file that it cannot read', async () => {
    addPacked('1.0.0');
    writeFileSync(at('lock.hcl'), 'provider "x" {');
    await assert.rejects(source().resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /lock\.hcl cannot be read/,
    });
  });

  it('loses no pin when many are made at once', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) addPacked(version);
    const providers = source();
    const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'];
    await Promise.all([...versions, ...versions].map((version) => providers.resolve('acme/cloud', version)));
    for (const version of versions) addPacked(version, 'evil');
    for (const version of versions) {
      await assert.rejects(source().resolve('acme/cloud', version), { code: 'PROVIDER_REFUSED' }, version);
    }
  });
});
