import { isIP } from 'node:net';
import { resolve } from 'node:path';

// The kinds of settings, each with the way its text is read. `config.ts` lists the settings themselves.

/** One setting: where it comes from, what it is when absent, and how its text becomes a value. */
export interface Setting<T> {
  readonly variable: string;
  readonly describe: string;
  /** Shown in the docs; the value itself comes from `parse(undefined)`. */
  readonly fallbackText: string;
  /** @throws SettingProblem when the text is wrong */
  readonly parse: (text: string | undefined) => T;
}

/** A wrong value: what it must be. */
export class SettingProblem extends Error {}

export function text(variable: string, fallback: string, describe: string): Setting<string> {
  return { variable, describe, fallbackText: fallback, parse: (given) => given ?? fallback };
}

export function optionalText(variable: string, fallbackText: string, describe: string): Setting<string | undefined> {
  return { variable, describe, fallbackText, parse: (given) => given };
}

export function list(variable: string, describe: string): Setting<readonly string[]> {
  const split = (given: string): string[] => given.split(',').map((part) => part.trim());
  return { variable, describe, fallbackText: 'none', parse: (given) => (given === undefined ? [] : split(given)) };
}

export function integer(
  variable: string,
  fallback: number,
  range: readonly [number, number],
  describe: string,
): Setting<number> {
  const [min, max] = range;
  const parse = (given: string | undefined): number => {
    if (given === undefined) return fallback;
    const value = Number(given);
    if (!/^\d+$/.test(given) || value < min || value > max) {
      throw new SettingProblem(`must be a whole number from ${min} to ${max}, not ${JSON.stringify(given)}`);
    }
    return value;
  };
  return { variable, describe, fallbackText: String(fallback), parse };
}

export function oneOf<T extends string>(
  variable: string,
  fallback: T,
  choices: readonly T[],
  describe: string,
): Setting<T> {
  const parse = (given: string | undefined): T => {
    const choice = choices.find((each) => each === (given ?? fallback));
    if (choice === undefined)
      throw new SettingProblem(`must be one of ${choices.join(', ')}, not ${JSON.stringify(given)}`);
    return choice;
  };
  return { variable, describe: `${describe} One of ${choices.join(', ')}.`, fallbackText: fallback, parse };
}

export function url(
  variable: string,
  protocols: readonly string[],
  fallbackText: string,
  describe: string,
): Setting<URL | undefined> {
  const parse = (given: string | undefined): URL | undefined => {
    if (given === undefined) return undefined;
    // The text is not repeated: a database address may hold a password.
    if (!URL.canParse(given)) throw new SettingProblem(`must be a URL that begins with ${protocols.join(' or ')}`);
    const value = new URL(given);
    if (!protocols.includes(`${value.protocol}//`))
      throw new SettingProblem(`must begin with ${protocols.join(' or ')}`);
    return value;
  };
  return { variable, describe, fallbackText, parse };
}

/** The address of a server to get things from, or `off`. */
export function server(variable: string, fallback: string | undefined, describe: string): Setting<string | undefined> {
  const parse = (given: string | undefined): string | undefined => {
    const chosen = given ?? fallback;
    if (chosen === undefined || chosen === 'off') return undefined;
    const value = URL.parse(chosen);
    if (value === null || !['https:', 'http:'].includes(value.protocol))
      throw new SettingProblem('must be `off`, or a URL that begins with https://');
    if (value.username !== '' || value.password !== '')
      throw new SettingProblem('must be a URL without a user name and password');
    return value.href;
  };
  return { variable, describe, fallbackText: fallback ?? 'none', parse };
}

/** `address=path` pairs, as in `hashicorp/time=/opt/providers/time`. */
export function overrides(variable: string, describe: string): Setting<ReadonlyMap<string, string>> {
  const parse = (given: string | undefined): ReadonlyMap<string, string> => {
    const pairs = (given ?? '').split(',').filter((part) => part.trim() !== '');
    return new Map(pairs.map((pair) => parseOverride(pair.trim())));
  };
  return { variable, describe, fallbackText: 'none', parse };
}

function parseOverride(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1 || at === pair.length - 1)
    throw new SettingProblem(`must be address=folder pairs, not ${JSON.stringify(pair)}`);
  return [pair.slice(0, at), resolve(pair.slice(at + 1))];
}

/** `uid:gid` of an operating-system account. */
export function account(variable: string, describe: string): Setting<{ uid: number; gid: number } | undefined> {
  const parse = (given: string | undefined): { uid: number; gid: number } | undefined => {
    if (given === undefined) return undefined;
    const match = /^(\d+):(\d+)$/.exec(given);
    if (match === null) throw new SettingProblem(`must be two numbers such as 1001:1001, not ${JSON.stringify(given)}`);
    return { uid: Number(match[1]), gid: Number(match[2]) };
  };
  return { variable, describe, fallbackText: "the server's own", parse };
}

/** The machines in front of the server: how many, or in which networks they are. */
export type Proxies = { readonly hops: number } | { readonly networks: readonly string[] };

const MAX_HOPS = 10;

/** A number, or addresses and networks as in `10.0.0.0/8,::1`. */
export function proxies(variable: string, describe: string): Setting<Proxies | undefined> {
  const parse = (given: string | undefined): Proxies | undefined => {
    if (given === undefined) return undefined;
    if (/^\d+$/.test(given)) return parseHops(Number(given));
    return { networks: given.split(',').map((part) => parseNetwork(part.trim())) };
  };
  return { variable, describe, fallbackText: 'none', parse };
}

function parseHops(hops: number): Proxies | undefined {
  if (hops > MAX_HOPS) throw new SettingProblem(`must be at most ${MAX_HOPS} proxies, not ${hops}`);
  return hops === 0 ? undefined : { hops };
}

/** @returns the network with its prefix length, which is all of the address where none was written */
function parseNetwork(text: string): string {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const length = bits === undefined ? longest : Number(bits);
  const fits = family !== 0 && more.length === 0 && length >= 1 && length <= longest && /^\d*$/.test(bits ?? '');
  if (fits) return `${address}/${length}`;
  const form = 'a number of proxies, or addresses and networks such as 10.0.0.0/8,::1';
  throw new SettingProblem(`must be ${form}; ${JSON.stringify(text)} is none`);
}
