import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';

import { createOutbound, type Outbound } from './index.ts';
import { isPublicAddress } from './public-address.ts';

const request = { maxBytes: 1_000, timeoutMs: 5_000 };

/** Hosts that lead to this computer, to private networks or to a cloud's metadata, each spelled as the name says. */
const hosts = [
  ['127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '017700000001', '0x7f.1'],
  ['0177.0.0.1', '0x7F.0x0.0x0.0x1', '0177.0x0.0.1', '00000177.0.0.1', '127.0.0.1.', '2130706433.', '0x7f000001.'],
  ['0', '0.0.0.0', '0.1', '0x0', '00', '127.0.0.0x1', '%31%32%37.0.0.1', '127%2e0%2e0%2e1', '127。0。0。1'],
  ['127．0．0．1', '１２７.0.0.1', '①②⑦.0.0.1', '⑫7.0.0.1', '127.0.0.①', '0ｘ7f000001'],
  ['localhost', 'LOCALHOST', 'localhost.', 'LocalHost.', 'a.localhost', 'ip6-localhost', 'loc%61lhost', 'ℓocalhost'],
  [
    'localhost.localdomain',
    'ｌｏｃａｌｈｏｓｔ',
    'loc\u00adalhost',
    '127.0.0.1.nip.example',
    'rebind.example',
    'xn--a.example',
  ],
  ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::0.0.0.1]', '[::]', '[0::0]'],
  ['[::ffff:127.0.0.1]', '[::FFFF:7F00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
  ['[64:ff9b::127.0.0.1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fe80::1]', '[fec0::1]'],
  ['[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[100::1]', '[2001:db8::1]', '[3fff::1]', '[::ffff:169.254.169.254]'],
  ['10.0.0.1', '10.1', '167772161', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.1', '3232235521'],
  ['100.64.0.1', '100.100.100.200', '169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376'],
  ['169.254.43518', '169.254.170.2', '168.63.129.16', '192.0.0.192', '198.18.0.1', '224.0.0.1', '239.255.255.250'],
  ['240.0.0.1', '255.255.255.255', '4294967295', '0xffffffff', '192.0.2.1', '203.0.113.9', '192.88.99.1'],
  ['metadata.google.internal', 'metadata', 'instance-data', 'metadata.azure.internal', 'kubernetes.default.svc'],
].flat();

/** Around a host that is not asked: other schemes, user names, and spellings that parsers read in different ways. */
const tricks = (port: number): string[] =>
  [
    ['file:///etc/passwd', 'file://localhost/etc/passwd', 'data:text/plain,x', 'javascript:alert(1)', 'about:blank'],
    ['ftp', 'gopher', 'dict', 'ldap', 'ws', 'wss', 'blob', 'unix', 'jar', 'sftp'].map(
      (scheme) => `${scheme}://127.0.0.1:${port}/`,
    ),
    `https://good.example@127.0.0.1:${port}/`,
    `https://good.example:pw@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}@good.example/`,
    `https://good.example\\@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}\\@good.example/`,
    `https://good.example%40127.0.0.1:${port}/`,
    `https://good.example#@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}#@good.example/`,
    `https://127.0.0.1:${port}?@good.example/`,
    `https:127.0.0.1:${port}/`,
    `https:/127.0.0.1:${port}/`,
    `https:\\\\127.0.0.1:${port}/`,
    `https:///127.0.0.1:${port}/`,
    `\thttps://127.0.0.1:${port}/`,
    `https://127.0.\n0.1:${port}/`,
    `ht\ntps://127.0.0.1:${port}/`,
    `HTTPS://127.0.0.1:${port}/`,
    `//127.0.0.1:${port}/`,
    `127.0.0.1:${port}`,
    '',
    'https://',
    'https://:443/',
    `https://127.0.0.1:0${port}/`,
    `https://${'a'.repeat(5_000)}.example:${port}/`,
  ].flat();

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

  const urls = (): string[] => [
    ...hosts.flatMap((host) => [`https://${host}:${port()}/x`, `http://${host}:${port()}/x`]),
    ...tricks(port()),
  ];
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
