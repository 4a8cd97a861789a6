import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Proxies in front of this server that are believed when they say for whom they ask. */
export interface ProxyTrust {
  /** How many there are, or the networks they are in (`10.0.0.0/8`). */
  readonly proxies: { readonly hops: number } | { readonly networks: readonly string[] };
  /** The only header that they are heard by: a client can send the other one through them. */
  readonly header: 'x-forwarded-for' | 'forwarded';
}

/** Where a request comes from, as an IP address in its usual form; undefined when the connection is gone. */
export type AddressOf = (request: IncomingMessage) => string | undefined;

/**
 * The one place that says from which address somebody calls: limits, sign-in rules and the audit trail go by it. Each
 * proxy adds the address that it was called from at the end, so the list is read from there, and no further than to the
 * first machine that is not ours: what stands before that, the client may have written itself.
 */
export function createAddressOf(trust: ProxyTrust | undefined): AddressOf {
  if (trust === undefined) return ({ socket }) => plainAddress(socket.remoteAddress);
  const isProxy = createProxyCheck(trust.proxies);
  return ({ headers, socket }) => {
    let address = plainAddress(socket.remoteAddress);
    const named =
      trust.header === 'forwarded' ? parseForwarded(headers.forwarded) : parseList(headers['x-forwarded-for']);
    for (let hop = 0; address !== undefined && isProxy(address, hop); hop += 1) {
      const before = named.at(-1 - hop);
      // Nothing readable was said: then it is the last machine that we know of.
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

type ProxyCheck = (address: string, hop: number) => boolean;

function createProxyCheck(proxies: ProxyTrust['proxies']): ProxyCheck {
  if ('hops' in proxies) return (_address, hop) => hop < proxies.hops;
  const list = new BlockList();
  for (const network of proxies.networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

function parseList(header: string | string[] | undefined): (string | undefined)[] {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text === undefined ? [] : text.split(',').map((part) => parseNode(part.trim()));
}

const FOR = /(?:^|;)\s*for\s*=\s*(?:"([^"\\]*)"|([^\s;,"]+))/i;

/** Source: RFC 7239. A quoted comma does not occur in an address, so the list is split at commas. */
function parseForwarded(header: string | undefined): (string | undefined)[] {
  if (header === undefined) return [];
  return header.split(',').map((part) => {
    const match = FOR.exec(part);
    return parseNode(match?.[1] ?? match?.[2] ?? '');
  });
}

/** An address, with or without a port; undefined for `unknown` and names that proxies make up. */
function parseNode(text: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1];
  return plainAddress(bracketed ?? withPort ?? text);
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** One form for one address: IPv4 within IPv6 as IPv4, and no zone. */
function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [address = ''] = text.split('%');
  const plain = MAPPED.exec(address)?.[1] ?? address;
  return isIP(plain) === 0 ? undefined : plain.toLowerCase();
}

/** What limits count as one caller: whoever has one IPv6 address has the 2^64 beside it too. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}

/** Whether a request comes from this computer itself and not, through a proxy that runs here, from anywhere. */
export function isFromHere({ headers, socket }: IncomingMessage, address: string | undefined): boolean {
  if (!isLoopback(plainAddress(socket.remoteAddress)) || !isLoopback(address)) return false;
  // Somebody else's request: of a proxy that is not trusted, or of one that is and names this computer.
  return headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || address?.startsWith('127.') === true;
}
