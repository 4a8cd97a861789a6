import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fetchClientDocument } from '../auth/oauth/client-document.ts';
import { createSsoFetch } from '../auth/sso/sso-fetch.ts';
import { createIssuerKeys } from '../domain/identity/index.ts';
import { systemClock } from '../shared/clock.ts';
import { spellingsOf } from '../testing/url-spellings.ts';
import { createOutbound, createSafeFetch, type Outbound } from './index.ts';

// Every place where somebody else names an address that the server then asks. Every name leads to this computer, where a
// canary listens: whoever gets past the check reaches it.

type Use = (url: string) => Promise<unknown>;

describe('addresses that others name', () => {
  let canary: TcpServer;
  let issuer: Server;
  let outbound: Outbound;
  let connections = 0;
  let jwksUri = '';
  const folder = mkdtempSync(join(tmpdir(), 'sluice-uses-'));
  const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
  const portOf = (server: TcpServer | Server): number => (server.address() as AddressInfo).port;
  const own = (): string => `http://127.0.0.1:${portOf(issuer)}`;

  before(async () => {
    canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '::');
    issuer = createHttpServer((_request, response) => {
      response.end(JSON.stringify({ issuer: own(), jwks_uri: jwksUri }));
    }).listen(0, '127.0.0.1');
    await Promise.all([once(canary, 'listening'), once(issuer, 'listening')]);
    outbound = createOutbound({ allow: [`127.0.0.1:${portOf(issuer)}`], lookup });
  });
  after(async () => {
    await outbound.close();
    for (const server of [canary, issuer]) server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => (connections = 0));

  const limits = { timeoutMs: 2_000, maxBytes: 5_000 };
  const uses: [string, Use][] = [
    ['the document of a client', (url) => fetchClientDocument(createSafeFetch({ ...limits, lookup }), url)],
    ['the issuer of a machine', (url) => createIssuerKeys({ outbound, clock: systemClock }).keysOf(url)],
    [
      'the keys that an issuer names',
      (url) => {
        jwksUri = url;
        return createIssuerKeys({ outbound, clock: systemClock }).keysOf(own());
      },
    ],
    ['what an OpenID provider names, to be read', (url) => createSsoFetch(outbound)(url, options('GET'))],
    ['what an OpenID provider names, to be sent a secret', (url) => createSsoFetch(outbound)(url, options('POST'))],
    ['what a registry names, to be read', (url) => outbound.get(url, limits)],
    ['what a registry names, to be downloaded', (url) => outbound.download(url, join(folder, 'package'), limits)],
  ];
  for (const [what, use] of uses) {
    it(`lead nowhere private in ${what}`, async () => {
      const urls = spellingsOf(portOf(canary));
      assert.ok(urls.length >= 200);
      for (const url of urls) {
        await assert.rejects(
          async () => use(url),
          (error: { code?: string }) => error.code === 'BAD_INPUT' || error.code === 'UNAVAILABLE',
          JSON.stringify(url.slice(0, 90)),
        );
      }
      assert.equal(connections, 0);
    });
  }

  it('would have been seen to: the canary sings', async () => {
    const trusting = createOutbound({ allow: [`127.0.0.1:${portOf(canary)}`] });
    await assert.rejects(createSsoFetch(trusting)(`http://127.0.0.1:${portOf(canary)}/`, options('GET')));
    await trusting.close();
    assert.equal(connections, 1);
  });
});

function options(method: 'GET' | 'POST') {
  return {
    method,
    headers: {},
    redirect: 'manual' as const,
    body: method === 'POST' ? 'client_secret=canary' : undefined,
  };
}
