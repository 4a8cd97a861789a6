import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';

import { aCaller } from '../testing/small-api.ts';
import { rawServer, type RawServer } from '../testing/raw-server.ts';
import { createTraffic, type TrafficLimits } from './index.ts';

const unlimited: TrafficLimits = {
  callerPerSecond: 0,
  callerAtOnce: 0,
  callerCostPerSecond: 0,
  addressPerSecond: 0,
  addressAtOnce: 0,
};
const json = { 'content-type': 'application/json', accept: 'application/json' };
const ann = { ...json, authorization: 'Bearer ann' };
const bob = { ...json, authorization: 'Bearer bob' };
const behind = (address: string): Record<string, string> => ({ ...json, 'x-forwarded-for': address });
const small = '{"query":"{ me { id } }"}';

describe('limits', () => {
  let server: RawServer | undefined;
  const told: string[] = [];
  afterEach(() => server?.stop());
  beforeEach(() => {
    told.length = 0;
  });

  /** Two callers; a tool call lasts until `release` is called. */
  async function start(limits: Partial<TrafficLimits>) {
    const traffic = createTraffic({ ...unlimited, ...limits }, (limit, { caller }) =>
      told.push(`${limit}: ${caller.principal.name}`),
    );
    const waiting: (() => void)[] = [];
    const started = await rawServer({
      traffic,
      proxyTrust: { proxies: { hops: 1 }, header: 'x-forwarded-for' },
      callerOf: (token) => ({
        ...aCaller(['mcp:read'], { a: ['SPACE_READ'] }),
        principal: { kind: 'USER', id: token, name: token },
      }),
      mcp: async (_endpoint, _request, response) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        response.end('{}');
      },
    });
    server = started;
    return { raw: started.raw, url: started.url, release: () => waiting.splice(0).forEach((resolve) => resolve()) };
  }

  it('turn away a caller who asks too often, say when to come back, and let others in', async () => {
    const { raw } = await start({ callerPerSecond: 1 });
    const statuses = [];
    for (let at = 0; at < 11; at += 1) statuses.push((await raw('POST', '/graphql', ann, small)).status);
    assert.deepEqual([statuses.slice(0, 10).every((status) => status === 200), statuses.at(-1)], [true, 429]);
    const refused = await raw('POST', '/graphql', ann, small);
    assert.equal(refused.headers['retry-after'], '1');
    assert.match(refused.text, /"code":"RATE_LIMITED"/);
    assert.match(refused.text, /nothing was done; try again in 1 s/);
    assert.equal((await raw('POST', '/graphql', bob, small)).status, 200);
    assert.deepEqual(new Set(told), new Set(['caller rate: ann']));
  });

  it('turn away existing clients with a status that they wait for, too', async () => {
    const { raw } = await start({ callerPerSecond: 1 });
    const provider = { 'content-type': 'application/json', authorization: 'Bearer ann' };
    for (let at = 0; at < 10; at += 1) await raw('POST', '/graphql', provider, small);
    const refused = await raw('POST', '/graphql', provider, small);
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
  });

  it('answer assistants in their protocol', async () => {
    const { raw } = await start({ callerPerSecond: 1 });
    for (let at = 0; at < 10; at += 1) await raw('POST', '/graphql', ann, small);
    const refused = await raw('POST', '/mcp', ann, '{}');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
    const { error } = JSON.parse(refused.text) as { error: { code: number; data: { code: string } } };
    assert.deepEqual([error.code, error.data.code], [-32_000, 'RATE_LIMITED']);
  });

  it('turn away an address, whoever says to call from it', async () => {
    const { raw } = await start({ addressPerSecond: 1 });
    for (let at = 0; at < 10; at += 1) await raw('POST', '/graphql', behind('192.0.2.1'), small);
    assert.equal((await raw('POST', '/graphql', behind('192.0.2.1'), small)).status, 429);
    assert.equal((await raw('POST', '/graphql', behind('9.9.9.9, 192.0.2.1'), small)).status, 429, 'forged');
    assert.equal((await raw('GET', '/nowhere', behind('192.0.2.1'))).status, 429, 'other paths count as well');
    assert.equal((await raw('POST', '/graphql', behind('192.0.2.2'), small)).status, 200);
    assert.equal((await raw('GET', '/readyz', behind('192.0.2.1'))).status, 200, 'who watches the server is let in');
  });

  it('turn away a caller who has too much going on at one time', async () => {
    const { raw, release } = await start({ callerAtOnce: 2 });
    const going = [raw('POST', '/mcp', ann, '{}'), raw('POST', '/intent/mcp', ann, '{}')];
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await raw('POST', '/graphql', ann, small)).status, 429);
    assert.equal((await raw('POST', '/graphql', bob, small)).status, 200);
    release();
    assert.deepEqual(
      (await Promise.all(going)).map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await raw('POST', '/graphql', ann, small)).status, 200, 'places are given back');
  });

  it('give the place back of a caller who went away without waiting for the answer', async () => {
    const { raw, url } = await start({ callerAtOnce: 1, addressAtOnce: 1 });
    const going = request(`${url}/mcp`, { method: 'POST', headers: { ...ann, host: 'sluice.example' } }).end('{}');
    const gone = once(going, 'error');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await raw('POST', '/graphql', ann, small)).status, 429);
    going.destroy();
    await gone;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await raw('POST', '/graphql', ann, small)).status, 200);
  });

  it('turn away an address that has too much going on at one time', async () => {
    const { raw, release } = await start({ addressAtOnce: 1 });
    const going = raw('POST', '/mcp', { ...ann, ...behind('192.0.2.1') }, '{}');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await raw('POST', '/graphql', behind('192.0.2.1'), small)).status, 429);
    release();
    assert.equal((await going).status, 200);
  });

  it('count what documents ask for, before anything runs', async () => {
    const { raw } = await start({ callerCostPerSecond: 5 });
    const dear = JSON.stringify({ query: `{ ${[1, 2, 3, 4, 5].map((n) => `b${n}: boxes { id label }`).join(' ')} }` });
    assert.equal((await raw('POST', '/graphql', ann, dear)).status, 200, 'one dear operation is let through');
    const refused = await raw('POST', '/graphql', ann, small);
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '11']);
    assert.match(refused.text, /caller cost/);
    assert.equal((await raw('POST', '/graphql', bob, small)).status, 200);
    assert.equal(
      (await raw('GET', '/metrics', {})).text.match(/sluice_requests_limited_total\{limit="caller cost"\} (\d+)/)?.[1],
      '1',
    );
  });
});
