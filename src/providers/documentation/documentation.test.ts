import assert from 'node:assert/strict';

import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { useRegistry } from '../../testing/registry-bench.ts';

const address = 'acme/cloud';
const documents = {
  index: '---\npage_title: "Cloud"\n---\n\n# Cloud\n\nMakes clouds.\n',
  'resources/server': '---\npage_title: "cloud_server"\ndescription: A server.\n---\n\n# cloud_server\n',
  'resources/cloud_Disk': '# cloud_Disk\n',
  'datasources/server': '# Data of a server\n',
  'guides/upgrade-2': '# Upgrade to 2\n',
};

describe('the documentation of a provider', () => {
  const bench = useRegistry();
  before(() => {
    bench.registry.publish({ address, version: '1.0.0' }, { address, version: '2.0.0' }, { address, version: '3.0.0' });
    bench.registry.publish({ address: 'acme/quiet', version: '1.0.0' }, { address: 'other/cloud', version: '1.0.0' });
    bench.registry.publishDocs(address, '1.0.0', documents);
    bench.registry.publishDocs(address, '2.0.0', { ...documents, 'resources/server': '# Server of 2\n' });
    bench.registry.publishDocs(address, '3.0.0', documents);
  });

  const textOf = async (name?: string, version = '1.0.0'): Promise<string> =>
    (await (await bench.source().documentation(address, version)).read({ name })).text;
  const isRefused = (code: ErrorCode, message: RegExp, asked: Promise<unknown>): Promise<void> =>
    assert.rejects(asked, (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.deepEqual([error.code, error.message.match(message) !== null], [code, true], error.message);
      return true;
    });

  it('is the text of the registry at a version, without the header for machines', async () => {
    assert.equal(await textOf(), '# Cloud\n\nMakes clouds.');
    assert.equal(await textOf('cloud_server'), '# cloud_server');
    assert.equal(await textOf('cloud_server', '~> 2.0'), '# Server of 2');
  });

  it('knows a document by the type, by its own name, and by its kind', async () => {
    const shelf = await bench.source().documentation(address, '1.0.0');
    const found = async (...[name, kind]: [string, ('RESOURCE' | 'DATA_SOURCE' | 'GUIDE')?]): Promise<string> => {
      const { entry } = await shelf.read({ name, kind });
      return `${entry.kind} ${entry.name}`;
    };
    assert.equal(await found('cloud_server'), 'RESOURCE server');
    assert.equal(await found('SERVER'), 'RESOURCE server');
    assert.equal(await found('disk'), 'RESOURCE cloud_Disk');
    assert.equal(await found('cloud_server', 'DATA_SOURCE'), 'DATA_SOURCE server');
    assert.equal(await found('upgrade-2'), 'GUIDE upgrade-2');
    assert.equal((await shelf.read({ kind: 'OVERVIEW' })).entry.title, 'Cloud');
  });

  it('says which documents come near one that there is not, and what a wish lacks', async () => {
    const shelf = await bench.source().documentation(address, '1.0.0');
    await isRefused(
      'NO_SUCH',
      /has no document "cloud_servre"; there is server$/,
      shelf.read({ name: 'cloud_servre' }),
    );
    await isRefused(
      'NO_SUCH',
      /has no guide "upgrade"; there is upgrade-2$/,
      shelf.read({ name: 'upgrade', kind: 'GUIDE' }),
    );
    await isRefused('NO_SUCH', /list the documents there are$/, shelf.read({ name: 'zzzzzzzzzzzzzzzzzzz' }));
    await isRefused('BAD_INPUT', /^name: is missing: say which guide/, shelf.read({ kind: 'GUIDE' }));
    await isRefused('BAD_INPUT', /^name: an overview has none/, shelf.read({ kind: 'OVERVIEW', name: 'x' }));
  });

  it('is that of the pinned version, else of the newest', async () => {
    assert.equal((await bench.source().documentation(address)).version, '3.0.0');
    await bench.source().resolve(address, '1.0.0');
    assert.equal((await bench.source().documentation(address)).version, '1.0.0');
  });

  it('is asked for once, and again after a failure', async () => {
    const source = bench.source();
    const ask = async (): Promise<string> => (await (await source.documentation(address, '1.0.0')).read({})).text;
    bench.registry.alter('/index.md', () => ({ status: 500 }));
    await isRefused(
      'UNAVAILABLE',
      /^the documentation of acme\/cloud cannot be read: .*index\.md answers with status 500; try again later; its schema/,
      ask(),
    );
    bench.registry.alter('/index.md', (usual) => usual);
    bench.registry.requests.length = 0;
    await Promise.all([ask(), ask(), ask()]);
    await ask();
    assert.deepEqual(bench.registry.requests, ['/registry/docs/providers/acme/cloud/v1.0.0/index.md']);
  });

  it('says why there is none', async () => {
    const { documentation } = bench.source();
    await isRefused('NO_SUCH', /has none of acme\/quiet$/, documentation('acme/quiet'));
    await isRefused(
      'NO_SUCH',
      /no such provider version.*"9\.9\.9".*there is 3\.0\.0/,
      documentation(address, '9.9.9'),
    );
    bench.registry.alter('/acme/cloud/index.json', () => ({ body: '{"versions":[{"id":"v1.0.0"},{"id":7},3]}' }));
    await isRefused(
      'NO_SUCH',
      /has none of acme\/cloud 2\.0\.0; it has that of 1\.0\.0$/,
      bench.source().documentation(address, '2.0.0'),
    );
    bench.registry.alter('/v1.0.0/index.json', () => ({ status: 404 }));
    await isRefused(
      'NO_SUCH',
      /none of acme\/cloud 1\.0\.0, as of all whose licence/,
      bench.source().documentation(address, '1.0.0'),
    );
  });

  it('is asked of nobody where the allow-list, the operator or the address forbids it', async () => {
    const { outbound, registry } = bench;
    const network = { outbound, registryUrl: registry.url, searchUrl: registry.searchUrl };
    const refusals: [ErrorCode, RegExp, Parameters<typeof bench.source>[0], string?][] = [
      ['PROVIDER_REFUSED', /^provider other\/cloud is not on the allow-list, which names acme/, {}, 'other/cloud'],
      [
        'NO_SUCH',
        /this server asks none: SLUICE_PROVIDER_REGISTRY/,
        { network: { ...network, registryUrl: undefined } },
      ],
      ['NO_SUCH', /or SLUICE_REGISTRY_SEARCH_URL is off/, { network: { ...network, searchUrl: undefined } }],
      ['NO_SUCH', /this server asks none/, { network: undefined }],
      [
        'NO_SUCH',
        /SLUICE_PROVIDER_REGISTRY_FOR lets no registry be asked for acme\/cloud/,
        { patterns: { registry: ['!acme/*'] } },
      ],
      [
        'NO_SUCH',
        /acme\.example\/acme\/cloud is of another registry/,
        { allowed: [{ address: 'acme.example/acme/*' }] },
        'acme.example/acme/cloud',
      ],
      ['NO_SUCH', /sluice\/sandbox is built in/, { allowed: [{ address: 'sluice/sandbox' }] }, 'sluice/sandbox'],
    ];
    for (const [code, message, options, name = address] of refusals) {
      await isRefused(code, message, bench.source(options).documentation(name));
    }
    await isRefused(
      'PROVIDER_REFUSED',
      /^version 2\.0\.0 of provider acme\/cloud is not on the allow-list/,
      bench.source({ allowed: [{ address, versions: '< 2' }] }).documentation(address, '2.0.0'),
    );
    assert.deepEqual(
      registry.requests.filter((path) => path.startsWith('/registry/docs/')),
      [],
    );
  });

  it('holds no registry to more than it can bear, and believes no list that makes no sense', async () => {
    const read = async (): Promise<unknown> => (await bench.source().documentation(address, '1.0.0')).read({});
    bench.registry.alter('/index.md', () => ({ body: 'x'.repeat(2_000_001) }));
    await isRefused('LIMIT_EXCEEDED', /index\.md answers with more than 2000000 bytes/, read());
    bench.registry.alter('/v1.0.0/index.json', () => ({ body: '[]' }));
    await isRefused('UNAVAILABLE', /answers with no JSON object/, read());
    const names = ['../../secret', 'a/b', '', 7, 'x'.repeat(256), 'ok'];
    bench.registry.alter('/v1.0.0/index.json', () => ({
      body: JSON.stringify({ docs: { index: 'x', resources: names.map((name) => ({ name })), guides: { a: 1 } } }),
    }));
    const { entries } = await bench.source().documentation(address, '1.0.0');
    assert.deepEqual(entries, [{ kind: 'RESOURCE', name: 'ok', title: '', description: '' }]);
  });

  it('never leads the server to where it must not go', async () => {
    const to =
      (location: string): (() => object) =>
      () => ({ status: 302, headers: { location }, body: '' });
    bench.registry.alter('/index.md', to('http://169.254.169.254/latest/meta-data/'));
    await isRefused('PROVIDER_REFUSED', /169\.254\.169\.254/, textOf());
  });
});
