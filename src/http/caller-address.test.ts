import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';

import { createAddressOf, isFromHere, networkOf, type ProxyTrust } from './caller-address.ts';

function requestFrom(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  // A request is made by Node alone; these two are all that is read of one here.
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

const xff = (list: string): Record<string, string> => ({ 'x-forwarded-for': list });
const hops = (count: number): ProxyTrust => ({ proxies: { hops: count }, header: 'x-forwarded-for' });
const networks = (...list: string[]): ProxyTrust => ({ proxies: { networks: list }, header: 'x-forwarded-for' });

describe('the address of a caller', () => {
  const forged = '6.6.6.6';
  for (const [what, trust, peer, headers, expected] of [
    ['nobody is trusted', undefined, '10.0.0.1', xff(forged), '10.0.0.1'],
    ['IPv4 comes within IPv6', undefined, '::ffff:192.0.2.7', {}, '192.0.2.7'],
    ['one proxy is trusted', hops(1), '10.0.0.1', xff('192.0.2.7'), '192.0.2.7'],
    ['the client wrote an address of its own before', hops(1), '10.0.0.1', xff(`${forged}, 192.0.2.7`), '192.0.2.7'],
    ['two proxies are trusted', hops(2), '10.0.0.1', xff(`${forged}, 192.0.2.7, 10.0.0.2`), '192.0.2.7'],
    ['the proxy said nothing', hops(1), '10.0.0.1', {}, '10.0.0.1'],
    ['the proxy does not know', hops(1), '10.0.0.1', xff(`${forged}, unknown`), '10.0.0.1'],
    ['fewer proxies were passed than there are', hops(3), '10.0.0.1', xff('192.0.2.7'), '192.0.2.7'],
    ['a trusted network asks', networks('10.0.0.0/8'), '10.0.0.1', xff('192.0.2.7'), '192.0.2.7'],
    ['a stranger asks', networks('10.0.0.0/8'), '192.0.2.7', xff(forged), '192.0.2.7'],
    [
      'a chain of trusted ones asks for a liar',
      networks('10.0.0.0/8', '::1/128'),
      '::1',
      xff(`${forged}, 192.0.2.7, 10.1.1.1`),
      '192.0.2.7',
    ],
    ['there is a port', hops(1), '10.0.0.1', xff('192.0.2.7:4711'), '192.0.2.7'],
    ['there is IPv6 with a port', hops(1), '10.0.0.1', xff('[2001:DB8::1]:4711'), '2001:db8::1'],
    ['the other header says something', hops(1), '10.0.0.1', { forwarded: `for=${forged}` }, '10.0.0.1'],
    [
      'the other header is the one',
      { proxies: { hops: 1 }, header: 'forwarded' },
      '10.0.0.1',
      { forwarded: `for=${forged};proto=http, For="[2001:db8::1]:47";by=x`, ...xff(forged) },
      '2001:db8::1',
    ],
  ] as const satisfies readonly (readonly [string, ProxyTrust | undefined, string, Record<string, string>, string])[]) {
    it(`is ${expected} when ${what}`, () => assert.equal(createAddressOf(trust)(requestFrom(peer, headers)), expected));
  }

  it('counts the networks that one IPv6 customer has as one', () => {
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(networkOf('2001:db8::9'), '2001:db8:0:0::/64');
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
    assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  });

  it('is this computer only without anybody in between', () => {
    assert.equal(isFromHere(requestFrom('127.0.0.1'), '127.0.0.1'), true);
    assert.equal(isFromHere(requestFrom('::1'), '::1'), true);
    assert.equal(isFromHere(requestFrom('127.0.0.1', xff('127.0.0.1')), '127.0.0.1'), false, 'through a proxy');
    assert.equal(isFromHere(requestFrom('192.0.2.7', {}), '127.0.0.1'), false, 'said by somebody else');
    assert.equal(isFromHere(requestFrom('192.0.2.7'), '192.0.2.7'), false);
  });
});
