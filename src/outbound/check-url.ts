import { isIP } from 'node:net';

import { badInput } from '../shared/errors.ts';
import { isPublicAddress } from './public-address.ts';

/** A URL that may be requested, and whether its host is one that the operator named. */
export interface CheckedUrl {
  readonly url: URL;
  readonly trusted: boolean;
}

const MAX_URL_LENGTH = 4_000; // signed download addresses of object stores reach 2,000

/**
 * Judges a URL before anything is looked up. Odd spellings of IP addresses need no rule of their own: the URL parser
 * makes them regular, and the request uses what it made.
 *
 * @param trustedHosts `host` or `host:port`, in lower case
 * @throws AppError BAD_INPUT: says what is wrong with the URL, without its query, which may hold a signature
 */
export function checkUrl(text: string, trustedHosts: ReadonlySet<string>): CheckedUrl {
  if (text.length > MAX_URL_LENGTH) throw badInput('url', `is longer than ${MAX_URL_LENGTH} characters`);
  const url = URL.parse(text);
  if (url === null) throw badInput('url', `${JSON.stringify(text.slice(0, 100))} is no URL`);
  const trusted = isTrusted(url, trustedHosts);
  const problem = problemOf(url, trusted);
  if (problem !== undefined) throw badInput('url', `${shownUrl(url)} is refused: ${problem}`);
  return { url, trusted };
}

/** The part of a URL that a message may show. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`.slice(0, 300);
}

function isTrusted(url: URL, trustedHosts: ReadonlySet<string>): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return trustedHosts.has(url.hostname) || trustedHosts.has(`${url.hostname}:${port}`);
}

function problemOf(url: URL, trusted: boolean): string | undefined {
  if (url.protocol !== 'https:' && !(trusted && url.protocol === 'http:')) return 'it must begin with https://';
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  if (url.hostname === '') return 'it names no host';
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (!trusted && isIP(literal) !== 0 && !isPublicAddress(literal)) return privateHost(url.hostname);
  return undefined;
}

/** Why a host is not reached, and who can change that. */
export function privateHost(host: string): string {
  return `${host} is not on the public internet; an operator can allow the host with SLUICE_OUTBOUND_ALLOW`;
}
