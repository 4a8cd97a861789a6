import { badInput } from '../shared/errors.ts';
import { parseAddress, type ProviderAddress } from './address.ts';

/** Whether a source is to be asked for a provider. */
export type AddressFilter = (address: ProviderAddress) => boolean;

interface Pattern {
  readonly parts: readonly string[];
  readonly excludes: boolean;
}

/**
 * Reads the include and exclude patterns of Terraform's `provider_installation`: `hashicorp/*`, `example.com/*\/*`, an
 * address, each with `!` in front to exclude. Without an including pattern everything is included; to exclude wins.
 *
 * @throws AppError BAD_INPUT for a pattern that does not parse
 */
export function createAddressFilter(patterns: readonly string[] = []): AddressFilter {
  const parsed = patterns.map(parsePattern);
  const includes = parsed.filter(({ excludes }) => !excludes);
  const excludes = parsed.filter((pattern) => pattern.excludes);
  return (address) =>
    (includes.length === 0 || includes.some((pattern) => fits(pattern, address))) &&
    !excludes.some((pattern) => fits(pattern, address));
}

// A wildcard stands for a whole part, and what is right of one is one too; `*` for the host needs three parts.
function parsePattern(text: string): Pattern {
  const excludes = text.startsWith('!');
  const parts = (excludes ? text.slice(1) : text).toLowerCase().split('/');
  const [namespace = '', type = ''] = parts.slice(-2);
  const wellFormed = parts.length >= 2 && parts.length <= 3 && !(namespace === '*' && type !== '*');
  if (!wellFormed || (parts[0] === '*' && parts.slice(1).some((part) => part !== '*')))
    throw badInput('provider pattern', `${JSON.stringify(text)}: write it like hashicorp/*, example.com/*/* or !*/*`);
  const host = parts.length === 3 ? parts[0] : undefined;
  const example = [host === '*' ? undefined : host, namespace, type]
    .filter((part) => part !== undefined)
    .map((part) => (part === '*' ? 'any' : part));
  const address = parseAddress(example.join('/'), 'provider pattern');
  return { parts: [host === '*' ? '*' : address.hostname, namespace, type], excludes };
}

function fits({ parts }: Pattern, { hostname, namespace, type }: ProviderAddress): boolean {
  return [hostname, namespace, type].every((part, at) => parts[at] === '*' || parts[at] === part);
}
