import { isIPv4, isIPv6 } from 'node:net';

import { type Builtin, elementsOf, textOf, undefinedBecause } from './builtin.ts';
import { isRegoArray, RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

interface Network extends Address {
  readonly prefix: number;
}

/** Inclusive. */
interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

const MAX_EXPANDED = 65_536n; // a /16; a larger set could only end at the memory limit

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: groupsToValue(text.split('.').map(Number), 8n) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = groupsToValue(ipv6Groups(text), 16n);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function ipv6Groups(text: string): number[] {
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = [], tail] = hex.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const missing = 8 - head.length - (tail?.length ?? 0);
  const groups = tail === undefined ? head : [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return groups.map((group) => Number.parseInt(group, 16));
}

function groupsToValue(groups: readonly number[], width: bigint): bigint {
  return groups.reduce((value, group) => (value << width) | BigInt(group), 0n);
}

function parseNetwork(text: string): Network | undefined {
  const [, host = '', digits = ''] = /^([^/]+)\/(\d{1,6})$/.exec(text) ?? [];
  const address = parseAddress(host);
  const prefix = Number(digits);
  const bits = host.includes(':') ? 128 : 32;
  if (address === undefined || digits === '' || prefix > bits) return undefined;
  if (address.bits !== bits) throw new Error('a network of IPv4-mapped addresses is not supported');
  const free = BigInt(bits - prefix);
  return { bits, prefix, value: (address.value >> free) << free };
}

function rangeOf({ bits, value, prefix }: Network): Range {
  return { bits, first: value, last: value + (1n << BigInt(bits - prefix)) - 1n };
}

function networkOf(text: string): Network {
  return parseNetwork(text) ?? undefinedBecause('not a network');
}

/** An address counts as the range of itself. */
function rangeOfEither(text: string): Range {
  const address = parseAddress(text);
  return address === undefined
    ? rangeOf(networkOf(text))
    : { bits: address.bits, first: address.value, last: address.value };
}

function contains(outer: string, inner: string): boolean {
  const [a, b] = [rangeOf(networkOf(outer)), rangeOfEither(inner)];
  return a.bits === b.bits && a.first <= b.first && b.last <= a.last;
}

function formatAddress({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_none, at) => Number((value >> BigInt(112 - at * 16)) & 0xffffn));
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = text.match(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g) ?? [];
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return text;
  const at = text.search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

const expand: Builtin = (cidr) => {
  const { bits, first, last } = rangeOf(networkOf(textOf(cidr)));
  if (last - first >= MAX_EXPANDED) throw new Error(`net.cidr_expand: more than ${MAX_EXPANDED} addresses`);
  const length = Number(last - first) + 1;
  return new RegoSet(Array.from({ length }, (_none, at) => formatAddress({ bits, value: first + BigInt(at) })));
};

/** What `net.cidr_contains_matches` compares, with the name under which it reports each. */
function candidates(operand: RegoValue | undefined): (readonly [text: string, name: RegoValue])[] {
  if (typeof operand === 'string') return [[operand, operand]];
  if (operand instanceof RegoObject) return operand.entries().map(([key, item]) => [candidateText(item), key]);
  if (operand instanceof RegoSet) return operand.values().map((item) => [candidateText(item), item]);
  // Another type holds no candidate; it is no error in OPA either.
  return operand !== undefined && isRegoArray(operand) ? operand.map((item, at) => [candidateText(item), at]) : [];
}

function candidateText(item: RegoValue): string {
  return isRegoArray(item) ? textOf(item[0]) : textOf(item);
}

const containsMatches: Builtin = (outer, inner) => {
  const inners = candidates(inner);
  const pairs = candidates(outer).flatMap(([network, name]) =>
    inners.filter(([text]) => contains(network, text)).map(([, other]): RegoValue => [name, other]),
  );
  return new RegoSet(pairs);
};

/** Ranges that touch or overlap become one; each is then written as the fewest networks. */
const merge: Builtin = (cidrs) => {
  const ranges = elementsOf(cidrs).map((item) => rangeOf(mergeable(textOf(item))));
  const sorted = ranges.toSorted((a, b) => a.bits - b.bits || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Range[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || before.bits !== range.bits || range.first > before.last + 1n) merged.push(range);
    else merged.splice(-1, 1, { ...before, last: range.last > before.last ? range.last : before.last });
  }
  return new RegoSet(merged.flatMap(fewestNetworks));
};

function mergeable(text: string): Network {
  // OPA gives a bare address the network of its historic class; that surprise is not worth copying.
  if (parseAddress(text) !== undefined) throw new Error('net.cidr_merge: give each address a prefix length');
  return networkOf(text);
}

function fewestNetworks({ bits, first, last }: Range): string[] {
  const found: string[] = [];
  for (let at = first; at <= last;) {
    let free = 0n;
    while (free < BigInt(bits) && (at >> free) % 2n === 0n && at + (1n << (free + 1n)) - 1n <= last) free += 1n;
    found.push(`${formatAddress({ bits, value: at })}/${BigInt(bits) - free}`);
    at += 1n << free;
  }
  return found;
}

export const netBuiltins = {
  'net.cidr_is_valid': (text) => typeof text === 'string' && parseNetwork(text) !== undefined,
  'net.cidr_expand': expand,
  'net.cidr_contains_matches': containsMatches,
  'net.cidr_merge': merge,
} satisfies Record<string, Builtin>;
