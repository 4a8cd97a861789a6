import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { createOutbound } from '../../outbound/index.ts';
import { archiveOf } from '../../testing/registry.ts';
import { useRegistry } from '../../testing/registry-bench.ts';
import { createProviderSource, type InstallProgress } from '../index.ts';
import { hostPlatform } from '../mirror.ts';

const network = (bench: ReturnType<typeof useRegistry>) => ({
  outbound: bench.outbound,
  registryUrl: bench.registry.url,
});

describe('providers from a registry', () => {
  const bench = useRegistry();
  before(() =>
    bench.registry.publish(
      { address: 'acme/cloud', version: '1.0.0' },
      { address: 'acme/cloud', version: '1.2.0' },
      { address: 'acme/cloud', version: '1.2.0', platform: 'plan9_mips', archive: Buffer.from('for another machine') },
      { address: 'acme/cloud', version: '2.0.0-beta1' },
      { address: 'acme/cloud', version: '3.0.0', platform: 'plan9_mips' },
      { address: 'other/cloud', version: '1.0.0' },
    ),
  );
  const lock = (): string => readFileSync(bench.at('lock.hcl'), 'utf8');
  const downloads = (): string[] => bench.registry.requests.filter((path) => path.endsWith('.zip'));

  it('lists all versions for this machine, newest first', async () => {
    assert.deepEqual(await bench.source().versions('acme/cloud'), ['2.0.0-beta1', '1.2.0', '1.0.0']);
  });

  it('installs the newest version that the constraint allows', async () => {
    const newest = await bench.source().resolve('acme/cloud');
    assert.equal(newest.version, '1.2.0');
    assert.equal(readFileSync(newest.path, 'utf8'), '1.2.0');
    assert.equal((await bench.source().resolve('acme/cloud', '~> 1.0.0')).version, '1.0.0');
  });

  it('pins the checksums of every platform, but compares its own', async () => {
    await bench.source().resolve('acme/cloud');
    assert.equal(lock().match(/"zh:/g)?.length, 2);
    assert.equal(lock().match(/"h1:/g)?.length, 1);
  });

  it('asks nobody for what is pinned and unpacked, so it works offline', async () => {
    const first = await bench.source().resolve('acme/cloud', '~> 1.0');
    await bench.source().resolve('acme/cloud', '1.0.0');
    bench.registry.requests.length = 0;
    const offline = bench.source({ network: { ...network(bench), registryUrl: 'http://localhost:1' } });
    assert.deepEqual(await offline.resolve('acme/cloud', '~> 1.0'), first);
    assert.equal((await offline.resolve('acme/cloud', '1.0.0')).version, '1.0.0');
    assert.deepEqual(bench.registry.requests, []);
  });

  it('gets a package again when the cached one was changed, and checks it against its pin', async () => {
    const { path } = await bench.source().resolve('acme/cloud');
    rmSync(path);
    const again = await bench.source().resolve('acme/cloud');
    assert.equal(readFileSync(again.path, 'utf8'), '1.2.0');
    assert.equal(downloads().length, 2);
  });

  it('downloads once for two that want it at once, and leaves nothing but the package', async () => {
    const source = bench.source();
    const [one, two] = await Promise.all([source.resolve('acme/cloud'), source.resolve('acme/cloud')]);
    assert.deepEqual(one, two);
    assert.equal(downloads().length, 1);
    const folder = bench.at('cache/registry.opentofu.org/acme/cloud/1.2.0', hostPlatform());
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('downloads once for several processes that share their folders', async () => {
    const sources = [bench.source(), bench.source(), bench.source()]; // each with a memory of its own
    const found = await Promise.all(sources.map((source) => source.resolve('acme/cloud')));
    assert.deepEqual(found[1], found[0]);
    assert.deepEqual(found[2], found[0]);
    assert.equal(downloads().length, 1);
  });

  it('tells how far a download is', async () => {
    const progress: InstallProgress[] = [];
    await bench.source().resolve('acme/cloud', undefined, (each) => progress.push(each));
    const bytes = archiveOf('acme/cloud', '1.2.0').length;
    assert.deepEqual(progress.at(-1), {
      address: 'acme/cloud',
      version: '1.2.0',
      receivedBytes: bytes,
      totalBytes: bytes,
    });
  });

  /** The first answer ends with its connection when 50 bytes of it have come; there is no second one. */
  const breakOffAt50 = (archive: Buffer): void => {
    let asked = 0;
    bench.registry.alter('.zip', () => {
      asked += 1;
      if (asked > 1) return { status: 503 };
      const headers = { 'content-length': String(archive.length) };
      return { headers, body: archive.subarray(0, 50), breaks: () => bench.downloaded(50) };
    });
  };

  it('goes on with what an earlier call has downloaded', async () => {
    const archive = archiveOf('acme/cloud', '1.2.0');
    breakOffAt50(archive);
    await assert.rejects(bench.source().resolve('acme/cloud'), { code: 'UNAVAILABLE' });
    bench.registry.reset();
    let status = 0;
    bench.registry.alter('.zip', () => {
      status = 206;
      return {
        status,
        headers: { 'content-range': `bytes 50-${archive.length - 1}/${archive.length}` },
        body: archive.subarray(50),
      };
    });
    assert.equal((await bench.source().resolve('acme/cloud')).version, '1.2.0');
    assert.equal(status, 206);
  });

  it('begins again when what an earlier call has downloaded turns out to be wrong', async () => {
    const archive = archiveOf('acme/cloud', '1.2.0');
    breakOffAt50(Buffer.alloc(archive.length, 'x'));
    await assert.rejects(bench.source().resolve('acme/cloud'), { code: 'UNAVAILABLE' });
    let asked = 0;
    bench.registry.alter('.zip', () => {
      asked += 1;
      if (asked > 1) return { body: archive };
      const range = { 'content-range': `bytes 50-${archive.length - 1}/${archive.length}` };
      return { status: 206, headers: range, body: archive.subarray(50) };
    });
    assert.equal((await bench.source().resolve('acme/cloud')).version, '1.2.0');
    assert.equal(asked, 2);
  });

  it('says what it asked when the registry does not have the provider, or does not answer', async () => {
    await assert.rejects(bench.source().resolve('acme/nothing'), {
      code: 'NO_SUCH',
      message: /registry\.opentofu\.org\/acme\/nothing for \w+ is in none of: its registry; check the address/,
    });
    bench.registry.alter('/versions', () => ({ status: 500 }));
    await assert.rejects(bench.source().resolve('acme/cloud'), {
      code: 'UNAVAILABLE',
      message: /\/v1\/providers\/acme\/cloud\/versions answers with status 500/,
    });
    const offline = bench.source({ network: { ...network(bench), registryUrl: 'http://localhost:1' } });
    await assert.rejects(offline.resolve('acme/cloud'), { message: /localhost:1/ });
  });

  it('asks again after a failure', async () => {
    const source = bench.source();
    bench.registry.alter('/terraform.json', () => ({ status: 503 }));
    await assert.rejects(source.resolve('acme/cloud'), { code: 'UNAVAILABLE' });
    bench.registry.reset();
    assert.equal((await source.resolve('acme/cloud')).version, '1.2.0');
  });

  it('sends no request at all for a provider that is not allowed, and none for a version that is not', async () => {
    await assert.rejects(bench.source().resolve('other/cloud'), { code: 'PROVIDER_REFUSED' });
    await assert.rejects(bench.source().versions('other/cloud'), { code: 'PROVIDER_REFUSED' });
    assert.deepEqual(bench.registry.requests, []);
    const narrow = bench.source({ allowed: [{ address: 'acme/cloud', versions: '< 1.0.0' }] });
    await assert.rejects(narrow.resolve('acme/cloud'), { code: 'PROVIDER_REFUSED', message: /version 1\.2\.0/ });
    assert.deepEqual(bench.registry.requests, ['/.well-known/terraform.json', '/v1/providers/acme/cloud/versions']);
  });

  it('asks the registry of the host in the address', async () => {
    const asked: string[] = [];
    const outbound = {
      ...createOutbound(),
      get: async (url: string) => {
        asked.push(url);
        const body = url.endsWith('terraform.json')
          ? { 'providers.v1': 'https://api.example.com/p' }
          : { versions: [] };
        return { status: 200, url, headers: {}, body: Buffer.from(JSON.stringify(body)) };
      },
    };
    const source = bench.source({
      allowed: [{ address: 'example.com/acme/cloud' }],
      network: { ...network(bench), outbound },
    });
    await assert.rejects(source.resolve('example.com/acme/cloud'), { code: 'NO_SUCH' });
    assert.deepEqual(asked, [
      'https://example.com/.well-known/terraform.json',
      'https://api.example.com/p/acme/cloud/versions',
    ]);
  });

  it('is left out for providers that its patterns do not include', async () => {
    for (const registry of [['!acme/cloud'], ['hashicorp/*', 'acme/other'], ['acme/*', '!*/*']]) {
      await assert.rejects(bench.source({ patterns: { registry } }).resolve('acme/cloud'), { code: 'NO_SUCH' });
    }
    assert.deepEqual(bench.registry.requests, []);
    const included = bench.source({ patterns: { registry: ['*/*/*', '!acme/cloudy'] } });
    assert.equal((await included.resolve('acme/cloud')).version, '1.2.0');
    assert.throws(() => bench.source({ patterns: { registry: ['acme'] } }), { code: 'BAD_INPUT' });
  });

  it('is searched, for allowed providers only, and no text of strangers comes along', async () => {
    bench.registry.alter('q=cloud', ({ body }) => ({
      body: JSON.stringify([
        ...(JSON.parse(String(body)) as object[]),
        { type: 'provider/resource', addr: 'acme/cloud' },
        { type: 'module', addr: 'acme/cloud/aws' },
        { type: 'provider', addr: 'acme/../x' },
        'nonsense',
      ]),
    }));
    const hits = await bench.source().search('cloud');
    assert.deepEqual(hits, [
      { address: 'acme/cloud', versions: ['2.0.0-beta1', '1.2.0', '1.0.0'], source: 'registry' },
    ]);
  });

  it('is searched in spite of one provider that it cannot tell the versions of', async () => {
    bench.registry.publish({ address: 'acme/cloudy', version: '1.0.0' });
    bench.registry.alter('/acme/cloud/versions', () => ({ status: 500 }));
    const hits = await bench.source().search('cloud');
    assert.deepEqual(
      hits.map(({ address }) => address),
      ['acme/cloudy'],
    );
    bench.registry.alter('/acme/cloudy/versions', () => ({ status: 500 }));
    await assert.rejects(bench.source().search('cloud'), { code: 'UNAVAILABLE', message: /cloudy?\/versions/ });
  });

  it('does not spoil a search when it is down, unless there is nothing else', async () => {
    const allowed = [{ address: 'acme/*' }, { address: 'sluice/sandbox' }];
    bench.registry.alter('/search?q=sandbox', () => ({ status: 500 }));
    assert.equal((await bench.source({ allowed }).search('sandbox')).length, 1);
    bench.registry.alter('/search?q=cloud', () => ({ status: 500 }));
    const source = bench.source({ allowed });
    await assert.rejects(source.search('cloud'), {
      code: 'UNAVAILABLE',
      message: /^no provider on this machine fits, .*search answers with status 500.*SLUICE_REGISTRY_SEARCH_URL=off/,
    });
    const asked = bench.registry.requests.length;
    await assert.rejects(source.search('clou'), { code: 'UNAVAILABLE' });
    assert.equal(bench.registry.requests.length, asked, 'not asked again at once');
  });

  it('comes after what is built in', async () => {
    bench.registry.publish({ address: 'sluice/sandbox', version: '9.0.0' });
    const found = await bench.source({ allowed: [{ address: 'sluice/sandbox' }] }).resolve('sluice/sandbox');
    assert.equal(found.version, '0.1.0');
    assert.deepEqual(bench.registry.requests, []);
  });
});

describe('providers from a network mirror', () => {
  const bench = useRegistry();
  before(() =>
    bench.registry.publish({ address: 'acme/cloud', version: '1.0.0' }, { address: 'acme/tiny', version: '1.0.0' }),
  );
  const mirrored = (options: object = {}) =>
    createProviderSource({
      allowed: [{ address: 'acme/*' }],
      network: { outbound: bench.outbound, mirrorUrl: bench.registry.networkMirrorUrl },
      cacheDir: bench.at('cache'),
      lockFile: bench.at('lock.hcl'),
      ...options,
    });

  it('are installed and pinned', async () => {
    const found = await mirrored().resolve('acme/cloud');
    assert.equal(readFileSync(found.path, 'utf8'), '1.0.0');
    assert.ok(existsSync(bench.at('lock.hcl')));
    assert.ok(bench.registry.requests.every((path) => !path.startsWith('/v1/')));
  });

  it('come before those of the registry, which is asked for what the mirror does not have', async () => {
    bench.registry.alter('/acme/tiny/index.json', () => ({ status: 404 }));
    const both = { ...network(bench), mirrorUrl: bench.registry.networkMirrorUrl };
    await mirrored({ network: both }).resolve('acme/cloud');
    assert.ok(bench.registry.requests.every((path) => !path.startsWith('/v1/')));
    await mirrored({ network: both }).resolve('acme/tiny');
    assert.ok(bench.registry.requests.some((path) => path.startsWith('/v1/')));
  });

  it('are refused when the archive has none of the stated checksums', async () => {
    bench.registry.alter('.zip', () => ({ body: archiveOf('acme/cloud', 'evil') }));
    await assert.rejects(mirrored().resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /does not have the checksum/,
    });
    assert.ok(!existsSync(bench.at('lock.hcl')));
  });

  it('are refused when the content has another h1 checksum than the stated one', async () => {
    bench.registry.alter('1.0.0.json', ({ body }) => ({
      body: String(body).replace(/"zh:[^"]+"/, `"h1:${'A'.repeat(43)}="`),
    }));
    await assert.rejects(mirrored().resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /none of the checksums/,
    });
    assert.ok(!existsSync(bench.at('lock.hcl')));
  });

  it('are refused by kinds of checksums that nobody knows, and installed without any', async () => {
    bench.registry.alter('1.0.0.json', ({ body }) => ({ body: String(body).replace(/"zh:[^"]+"/, '"zz:1"') }));
    await assert.rejects(mirrored().resolve('acme/cloud'), {
      code: 'PROVIDER_REFUSED',
      message: /none of the checksums/,
    });
    bench.registry.alter('1.0.0.json', ({ body }) => ({ body: String(body).replace(/"zh:[^"]+"/, '') }));
    assert.equal((await mirrored().resolve('acme/cloud')).version, '1.0.0');
  });

  it('keep nothing of a refused download', async () => {
    bench.registry.alter('.zip', () => ({ body: 'no archive' }));
    await assert.rejects(mirrored().resolve('acme/cloud'), { code: 'PROVIDER_REFUSED' });
    const folder = bench.at('cache/registry.opentofu.org/acme/cloud/1.0.0', hostPlatform());
    const left = readdirSync(folder).flatMap((name) => readdirSync(join(folder, name)));
    assert.deepEqual(left, []);
  });
});
