import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildTimeProvider, layMirror, timeAddress, timeVersion } from '../../testing/go-provider.ts';
import { connectModern } from '../../testing/mcp-clients.ts';
import { startTestRegistry, type TestRegistry } from '../../testing/registry.ts';
import { startTestServer, type TestServer } from '../../testing/server.ts';
import { requireTool } from '../../testing/tools.ts';
import { hostPlatform } from '../mirror.ts';

const earlier = '0.14.1'; // the same program once more, for a download of its own

describe('a server without any mirror', function () {
  before(requireTool('go'));

  let folder: string;
  let registry: TestRegistry;
  let server: TestServer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-mirror-'));
    const time = { address: timeAddress, version: timeVersion, binary: await buildTimeProvider() };
    await layMirror(folder, [time], 'packed');
    const name = `terraform-provider-time_${timeVersion}_${hostPlatform()}.zip`;
    const archive = readFileSync(join(folder, 'registry.opentofu.org', timeAddress, name));
    registry = await startTestRegistry();
    registry.publish({ address: timeAddress, version: timeVersion, archive });
    registry.publish({ address: timeAddress, version: earlier, archive });
    registry.publish({ address: 'acme/cloud', version: '1.0.0' });
    server = await startTestServer({
      settings: {
        SLUICE_PROVIDER_REGISTRY: registry.url,
        SLUICE_REGISTRY_SEARCH_URL: registry.searchUrl,
        SLUICE_OUTBOUND_ALLOW: registry.host,
      },
    });
  });
  after(async () => {
    await server.stop();
    await registry.close();
    rmSync(folder, { recursive: true });
  });

  it('finds a provider in the registry and reads the schema of the real one', async () => {
    const found = await server.graphql('{ providerSearch(query: "time") { id versions source description } }');
    assert.deepEqual(found.data, {
      providerSearch: [
        {
          id: timeAddress,
          versions: [timeVersion, earlier],
          source: 'registry',
          description:
            'hashicorp/time, from the registry; documentation: https://search.opentofu.org/provider/hashicorp/time/latest',
        },
      ],
    });
    const document = `{ provider(provider: "${timeAddress}") { version resourceTypes } }`;
    const described = await server.graphql(document);
    assert.deepEqual(described.errors, []);
    assert.match(JSON.stringify(described.data), /time_sleep/);
  });

  it('tells an assistant how far its download is', async () => {
    const headers = { authorization: `Bearer ${await server.adminToken()}` };
    const session = await connectModern({ url: `${server.url}/mcp`, headers });
    const notes: string[] = [];
    const given = { kind: 'provider', provider: timeAddress, version: earlier };
    const reply = await session.call('provider', given, ({ message = '' }) => notes.push(message));
    assert.equal(reply.isError, false, reply.texts.join('\n'));
    assert.match(notes.at(-1) ?? '', /^downloading hashicorp\/time 0\.14\.1: (\S+) of \1 MB$/);
    assert.ok(notes.length <= 11, notes.join('\n'));
    await session.close();
  });

  it('sends no request for a provider that is not allowed', async () => {
    registry.requests.length = 0;
    const { errors } = await server.graphql('{ provider(provider: "acme/cloud") { version } }');
    assert.equal(errors[0]?.extensions?.code, 'PROVIDER_REFUSED');
    assert.deepEqual(registry.requests, []);
  });
});
