import { isIPv6 } from 'node:net';

import { type Builtin, textOf, undefinedBecause } from './builtin.ts';
import { RegoObject, type RegoValue } from './rego-value.ts';

// URIs as OPA's own library takes them apart: more lenient than browsers, so their parser cannot be used here.

/** What is escaped in a path that is written anew. */
const UNUSUAL_IN_PATH = /[^\w\-.~$&+,/:;=@]/gu;
/** What may stand in a host, `%` and what is beyond ASCII aside. */
const PLAIN_HOST = /^[\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;
const USER_INFO = /^[\w\-.~!$&'()*+,;=:%@]*$/;

interface Uri {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly rawPath: string;
  readonly query: string;
  readonly fragment: string;
}

function parseUri(text: string): Uri {
  const [beforeFragment = '', fragment = ''] = cut(text, '#');
  // eslint-disable-next-line no-control-regex -- Go refuses just these, and no others
  if (/[\0-\x1f\x7f]/.test(beforeFragment)) return undefinedBecause('control character');
  const { scheme, rest } = splitScheme(beforeFragment);
  const [hierarchy = '', query = ''] = cut(rest, '?');
  const parts = { scheme, query, fragment: unescape(fragment) };
  if (beforeFragment === '*') return { ...parts, host: '', path: '*', rawPath: '*' };
  if (!hierarchy.startsWith('/')) {
    if (scheme !== '') return { ...parts, host: '', path: '', rawPath: '' }; // such as mailto:, with nothing inside
    if (/^[^/]*:/.test(hierarchy)) return undefinedBecause('a colon in the first part of a relative path');
  }
  const { authority, path: rawPath } = splitAuthority(scheme, hierarchy);
  const path = unescape(rawPath);
  return { ...parts, host: hostOf(scheme, authority), path, rawPath: writtenPath(path, rawPath) };
}

/** A path that is written as usual has no raw form of its own. */
function writtenPath(path: string, raw: string): string {
  return path.replaceAll(UNUSUAL_IN_PATH, hexEscape) === raw ? path : raw;
}

function hexEscape(character: string): string {
  const bytes = [...Buffer.from(character)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function cut(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function splitScheme(text: string): { scheme: string; rest: string } {
  if (text.startsWith(':')) return undefinedBecause('no scheme before the colon');
  const [found, scheme = ''] = /^([a-z][a-z\d+\-.]*):/i.exec(text) ?? [''];
  return { scheme: scheme.toLowerCase(), rest: text.slice(found.length) };
}

function splitAuthority(scheme: string, text: string): { authority: string; path: string } {
  if (!text.startsWith('//') || (scheme === '' && text.startsWith('///'))) return { authority: '', path: text };
  const end = text.indexOf('/', 2);
  return end === -1 ? { authority: text.slice(2), path: '' } : { authority: text.slice(2, end), path: text.slice(end) };
}

function hostOf(scheme: string, authority: string): string {
  const at = authority.lastIndexOf('@');
  if (at !== -1) {
    const userInfo = authority.slice(0, at);
    if (!USER_INFO.test(userInfo)) return undefinedBecause('bad user');
    unescape(userInfo);
  }
  const host = authority.slice(at + 1);
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) return undefinedBecause('a bracket inside a host');
  return bracket === 0 ? bracketedHost(host) : plainHost(scheme, host);
}

function bracketedHost(host: string): string {
  const end = host.lastIndexOf(']');
  if (end === -1) return undefinedBecause('no closing bracket');
  const port = host.slice(end + 1);
  requirePort(port);
  const [address, zone] = cutZone(host.slice(1, end));
  const plainZone = zone === undefined ? '' : unescapeZone(zone);
  if (!isIPv6(unescapeHost(address)) || zone === '') return undefinedBecause('no IPv6 address in brackets');
  return `[${unescapeHost(address)}${zone === undefined ? '' : `%${plainZone}`}]${port}`;
}

/** A zone follows an escaped percent sign. */
function cutZone(text: string): [string, string?] {
  const at = text.indexOf('%25');
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 3)];
}

function plainHost(scheme: string, host: string): string {
  const first = host.indexOf(':');
  const strict = scheme === 'http' || scheme === 'https';
  if (first !== -1) requirePort(host.slice(strict ? first : host.lastIndexOf(':')));
  return unescapeHost(host);
}

function requirePort(text: string): void {
  if (!/^(:\d*)?$/.test(text)) undefinedBecause('bad port');
}

/** In a host only what is beyond ASCII may be escaped. */
function unescapeHost(host: string): string {
  if (!PLAIN_HOST.test(host) || /%[0-7]/.test(host.replaceAll('%25', ''))) return undefinedBecause('bad host');
  return unescape(host);
}

/** In a zone, what could stand in a host, and blanks. */
function unescapeZone(zone: string): string {
  if (!PLAIN_HOST.test(zone)) return undefinedBecause('bad zone');
  for (const [escape] of zone.matchAll(/%[\dA-Fa-f]{2}/g)) {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (!/^[ %]$/.test(character) && (!PLAIN_HOST.test(character) || character > '\x7f'))
      return undefinedBecause('bad zone');
  }
  return unescape(zone);
}

function unescape(text: string): string {
  if (/%(?![\dA-Fa-f]{2})/.test(text)) return undefinedBecause('bad percent escape');
  if (!text.includes('%')) return text;
  const parts = text.split(/((?:%[\dA-Fa-f]{2})+)/);
  const bytes = parts.map((part) =>
    part.startsWith('%') ? Buffer.from(part.replaceAll('%', ''), 'hex') : Buffer.from(part),
  );
  return Buffer.concat(bytes).toString('utf8');
}

/** A last colon with digits behind it is a port; brackets are not of the name. */
function splitHost(host: string): { hostname: string; port: string } {
  const [found, port = ''] = /:(\d*)$/.exec(host) ?? [''];
  const name = host.slice(0, host.length - found.length);
  return { hostname: name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name, port };
}

const parse: Builtin = (text) => {
  const { scheme, host, path, rawPath, query, fragment } = parseUri(textOf(text));
  const parts = { scheme, ...splitHost(host), path, raw_path: rawPath, raw_query: query, fragment };
  return new RegoObject(Object.entries(parts).filter(([, part]) => part !== ''));
};

function isValid(text: RegoValue | undefined): boolean {
  if (typeof text !== 'string' || text === '') return false;
  try {
    parseUri(text);
    return true;
  } catch {
    return false;
  }
}

export const uriBuiltins = { 'uri.parse': parse, 'uri.is_valid': isValid } satisfies Record<string, Builtin>;
