import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { aCaller } from '../testing/small-api.ts';
import { rawServer, type RawServer } from '../testing/raw-server.ts';

const json = { 'content-type': 'application/json', accept: 'application/json' };
const small = '{"query":"{ facts { version } }"}';
const elsewhere = { 'x-forwarded-for': '192.0.2.7' };

describe('requests that do not belong here', () => {
  let server: RawServer;
  before(async () => {
    server = await rawServer({
      proxyTrust: { proxies: { hops: 1 }, header: 'x-forwarded-for' },
      metricsToken: 'watcher',
      callerOf: () => aCaller(['mcp:read'], {}),
      documents: new Map([['/.well-known/thing', async () => ({ thing: 1 })]]),
    });
  });
  after(() => server.stop());
  const post = (headers: Record<string, string>, body: string | Buffer = small) =>
    server.raw('POST', '/graphql', { ...json, ...headers }, body);

  it('are refused to GraphQL when a page of another site has sent them', async () => {
    for (const origin of ['https://evil.example', 'http://sluice.example.evil.example', 'null', 'http://localhost']) {
      const refused = await post({ origin, authorization: 'Bearer x' });
      assert.equal(refused.status, 403, origin);
      assert.match(refused.text, /Origin: requests of pages of other sites are refused/);
      const read = await server.raw('GET', '/graphql?query={facts{version}}', { accept: 'application/json', origin });
      assert.equal(read.status, 403, origin);
    }
    assert.equal((await post({ origin: 'http://sluice.example' })).status, 200);
    assert.equal((await post({})).status, 200, 'programs send none');
  });

  it('are refused with 415 when their body is packed', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, identity', 'GZIP']) {
      const refused = await post({ 'content-encoding': encoding }, gzipSync(small));
      assert.equal(refused.status, 415, encoding);
      assert.match(refused.text, /Content-Encoding: bodies are read as they are; send it unpacked/);
    }
    assert.equal((await post({ 'content-encoding': 'identity' })).status, 200);
  });

  it('are told every path that there is', async () => {
    const { status, text } = await server.raw('GET', '/nowhere', {});
    assert.equal(status, 404);
    for (const path of ['/graphql', '/mcp', '/intent/mcp', '/healthz', '/metrics', '/.well-known/thing'])
      assert.ok(text.includes(path), path);
  });

  it('see the metrics from this computer only, or with the token', async () => {
    assert.equal((await server.raw('GET', '/metrics', {})).status, 200);
    for (const headers of [
      elsewhere,
      { ...elsewhere, authorization: 'Bearer other' },
      { 'x-forwarded-for': '127.0.0.1' },
    ]) {
      const refused = await server.raw('GET', '/metrics', headers);
      assert.equal(refused.status, 401);
      assert.doesNotMatch(refused.text, /sluice_http/);
    }
    const watched = await server.raw('GET', '/metrics', { ...elsewhere, authorization: 'Bearer watcher' });
    assert.match(watched.text, /sluice_http_requests_total/);
  });

  it('learn from the health report no more than whether the server is ready', async () => {
    const shown = async (headers: Record<string, string>): Promise<unknown> =>
      JSON.parse((await server.raw('GET', '/healthz', headers)).text);
    assert.deepEqual(await shown(elsewhere), { ready: true });
    assert.deepEqual(await shown({ ...elsewhere, authorization: 'Bearer watcher' }), {
      ready: true,
      isolation: 'none',
    });
    assert.deepEqual(await shown({}), { ready: true, isolation: 'none' });
  });
});
