import { BlockList, isIP } from 'node:net';

// Source: IANA's registries of special-purpose IPv4 and IPv6 addresses.
const closedIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT; one cloud's metadata service lives here
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // a cloud's host agent, under a public number
  ['169.254.0.0', 16], // link-local: the usual metadata services
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];

// Only 2000::/3 is handed out to the public. These parts of it embed IPv4 addresses or are not routed. Mapped (::ffff/96)
// and translated (64:ff9b::/96) IPv4 lies outside and is refused whatever it embeds.
const closedIpv6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [network, bits] of closedIpv4) closed.addSubnet(network, bits, 'ipv4');
const closedGlobal = new BlockList();
for (const [network, bits] of closedIpv6) closedGlobal.addSubnet(network, bits, 'ipv6');
const globalIpv6 = new BlockList();
globalIpv6.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address, in the form the system's resolver gives, belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      // A zone (`fe80::1%eth0`) belongs to link-local addresses only.
      return !address.includes('%') && globalIpv6.check(address, 'ipv6') && !closedGlobal.check(address, 'ipv6');
    default:
      return false;
  }
}
