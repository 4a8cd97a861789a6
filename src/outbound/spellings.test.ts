import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';

import { spellingsOf } from '../testing/url-spellings.ts';
import { createOutbound, type Outbound } from './index.ts';
import { isPublicAddress } from './public-address.ts';

const request = { maxBytes: 1_000, timeoutMs: 5_000 };

describe('URLs that lead to private places', () => {
  let canary: TcpServer;
  let connections = 0;
  let redirector: Server;
  let location = '';
  let outbound: Outbound;
  const port = (): number => (canary.address() as AddressInfo).port;
  const openPort = (): number => (redirector.address() as AddressInfo).port;

  before(async () => {
    canary = createTcpServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '::');
    redirector = createServer((_request, response) => response.writeHead(302, { location }).end()).listen(
      0,
      '127.0.0.1',
    );
    await Promise.all([once(canary, 'listening'), once(redirector, 'listening')]);
    // Every name leads to this computer: whoever gets past the check reaches the canary.
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    outbound = createOutbound({ allow: [`127.0.0.1:${openPort()}`], lookup });
  });
  after(async () => {
    await outbound.close();
    for (const server of [canary, redirector]) server.close();
  });
  beforeEach(() => (connections = 0));

  const urls = (): string[] => spellingsOf(port());
  const refusal = { code: 'BAD_INPUT', message: /^url: / };

  it('are refused without a connection, in 200 spellings and more', async () => {
    assert.ok(urls().length >= 200);
    for (const url of urls())
      await assert.rejects(outbound.get(url, request), refusal, JSON.stringify(url.slice(0, 90)));
    assert.equal(connections, 0);
  });

  it('are refused as the target of a redirect', async () => {
    for (const url of urls().filter((each) => !/[^\x21-\x7e]/.test(each) && !/^(?:\/\/|$|127|https:\/?1)/.test(each))) {
      location = url;
      const first = `http://127.0.0.1:${openPort()}/`;
      await assert.rejects(outbound.get(first, request), refusal, JSON.stringify(url.slice(0, 90)));
    }
    assert.equal(connections, 0);
  });

  it('would have been seen by the canary', async () => {
    const trusting = createOutbound({ allow: ['127.0.0.1', 'localhost', '[::1]'] });
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::1]']) {
      await assert.rejects(trusting.get(`http://${host}:${port()}/`, request), { code: 'UNAVAILABLE' });
    }
    await trusting.close();
    assert.equal(connections, 4);
  });

  it('are looked up once a connection: what was judged is what would be connected to', async () => {
    const asked: string[] = [];
    const lookup = async (hostname: string) => {
      asked.push(hostname);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const rebinding = createOutbound({ lookup });
    await assert.rejects(rebinding.get(`https://rebind.example:${port()}/`, request), refusal);
    assert.deepEqual(asked, ['rebind.example']);
    await rebinding.close();
    assert.equal(connections, 0);
  });

  it('are refused when a name has a public and a private address', async () => {
    const lookup = async () => [
      { address: '93.184.215.14', family: 4 },
      { address: '::1', family: 6 },
    ];
    const mixed = createOutbound({ lookup });
    await assert.rejects(mixed.get(`https://mixed.example:${port()}/`, request), {
      message: /mixed\.example is not on the public internet.*SLUICE_OUTBOUND_ALLOW/,
    });
    await mixed.close();
    assert.equal(connections, 0);
  });
});

describe('public addresses', () => {
  it('are told from all others', () => {
    for (const address of ['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111'])
      assert.equal(isPublicAddress(address), true, address);
    for (const address of ['', 'localhost', '1.1.1', '::ffff:1.1.1.1', '2001:db8::1', 'fe80::1%lo', '2606::1%lo'])
      assert.equal(isPublicAddress(address), false, address);
  });
});
