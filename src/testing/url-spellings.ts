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

/** More than 200 URLs, none of which may be connected to. @param port where a canary listens on this computer */
export function spellingsOf(port: number): string[] {
  return [...hosts.flatMap((host) => [`https://${host}:${port}/x`, `http://${host}:${port}/x`]), ...tricks(port)];
}
