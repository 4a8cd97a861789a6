import { AppError, badInput } from '../shared/errors.ts';
import { formatAddress, parseAddress, type ProviderAddress } from './address.ts';
import { parseConstraint, type VersionConstraint } from './version.ts';

/** One line of the allow-list: `hashicorp/time` or `hashicorp/*`, with an optional version constraint. */
export interface AllowedProvider {
  readonly address: string;
  readonly versions?: string | undefined;
}

/** Says which providers may be installed and started. The most specific lines that fit decide; the rest is refused. */
export interface AllowList {
  /** Whether some version of the provider may run. */
  names(address: ProviderAddress): boolean;
  allows(address: ProviderAddress, version: string): boolean;
  /** @throws AppError PROVIDER_REFUSED: says what the list names and how to add to it */
  require(address: ProviderAddress): void;
  requireVersion(address: ProviderAddress, version: string): void;
}

interface Rule {
  readonly pattern: ProviderAddress;
  readonly versions: VersionConstraint | undefined;
}

/** @throws AppError BAD_INPUT when a line does not parse: a list that cannot be read must not start */
export function createAllowList(lines: readonly AllowedProvider[]): AllowList {
  const rules = lines.map(parseRule);
  const rulesFor = (address: ProviderAddress): Rule[] => {
    const exact = rules.filter((rule) => covers(rule.pattern, address) && rule.pattern.type !== '*');
    return exact.length > 0 ? exact : rules.filter((rule) => covers(rule.pattern, address));
  };
  const allows = (address: ProviderAddress, version: string): boolean =>
    rulesFor(address).some((rule) => rule.versions === undefined || rule.versions.allows(version));
  const names = (address: ProviderAddress): boolean => rulesFor(address).length > 0;
  return {
    names,
    allows,
    require: (address) => {
      if (!names(address)) throw refusal(`provider ${formatAddress(address)}`, lines);
    },
    requireVersion: (address, version) => {
      if (!allows(address, version)) throw refusal(`version ${version} of provider ${formatAddress(address)}`, lines);
    },
  };
}

function parseRule(line: AllowedProvider): Rule {
  const wildcard = line.address.endsWith('/*');
  const parsed = parseAddress(wildcard ? `${line.address.slice(0, -1)}any` : line.address, 'allowed provider');
  if (!wildcard && line.address.includes('*'))
    throw badInput('allowed provider', `${line.address}: only ns/* is a pattern`);
  const versions = line.versions === undefined ? undefined : parseConstraint(line.versions, 'allowed provider version');
  return { pattern: wildcard ? { ...parsed, type: '*' } : parsed, versions };
}

function covers(pattern: ProviderAddress, address: ProviderAddress): boolean {
  return (
    pattern.hostname === address.hostname &&
    pattern.namespace === address.namespace &&
    (pattern.type === '*' || pattern.type === address.type)
  );
}

function refusal(what: string, lines: readonly AllowedProvider[]): AppError {
  const list = lines.map((line) => (line.versions === undefined ? line.address : `${line.address} (${line.versions})`));
  return new AppError(
    'PROVIDER_REFUSED',
    `${what} is not on the allow-list, which names ${list.join(', ') || 'nothing'}; an operator can add it to the catalog or to SLUICE_PROVIDER_ALLOW`,
  );
}
