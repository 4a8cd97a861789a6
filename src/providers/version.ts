import semver from 'semver';

import { badInput } from '../shared/errors.ts';

/** A parsed version constraint. */
export interface VersionConstraint {
  /** As written, spaces made regular: the form that goes into the lock file. */
  readonly text: string;
  allows(version: string): boolean;
}

interface Term {
  readonly operator: string;
  readonly version: semver.SemVer;
  /** How many of major, minor, patch were written: `~>` depends on it. */
  readonly parts: number;
}

const TERM =
  /^(=|!=|>=|<=|>|<|~>)?\s*(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?$/;

const anyVersion: VersionConstraint = { text: '', allows: (version) => !isPrerelease(version) };

/**
 * Reads Terraform's syntax: `1.2.3`, `>= 1.2, < 2`, `!= 1.4.0`, `~> 1.2`. Missing parts are zero, so `1.2` is exactly
 * 1.2.0. A pre-release passes only where the constraint names it exactly; both rules were checked against the
 * `terraform` binary.
 *
 * @throws AppError BAD_INPUT, naming `field`
 */
export function parseConstraint(text: string, field = 'version'): VersionConstraint {
  const terms = text.split(',').map((part) => parseTerm(part.trim(), field));
  const named = new Set(terms.filter((term) => term.operator === '=').map((term) => term.version.version));
  return {
    text: text
      .split(',')
      .map((part) => part.trim().replace(/^(\D+?)\s*(?=\d)/, '$1 '))
      .join(', '),
    allows: (version) => allTermsAllow(terms, named, version),
  };
}

/** What a caller asks for; without a wish, or with `latest`, any version will do and the newest is taken. */
export function parseWish(text: string | undefined, field = 'version'): VersionConstraint {
  const wish = text?.trim() ?? '';
  return wish === '' || wish.toLowerCase() === 'latest' ? anyVersion : parseConstraint(wish, field);
}

function parseTerm(text: string, field: string): Term {
  const match = TERM.exec(text);
  if (match === null) {
    throw badInput(
      field,
      `${JSON.stringify(text.slice(0, 100))} is no version constraint; write 1.2.3, ~> 1.2, >= 1.2, < 2 or latest`,
    );
  }
  const [, operator = '=', major, minor, patch, prerelease = ''] = match;
  const parts = [major, minor, patch].filter((part) => part !== undefined);
  const numbers = [major, minor ?? '0', patch ?? '0'].map(Number).join('.');
  return { operator, version: parseSemver(`${numbers}${prerelease}`, field), parts: parts.length };
}

function parseSemver(text: string, field: string): semver.SemVer {
  const version = semver.parse(text);
  if (version === null) throw badInput(field, `${JSON.stringify(text)} is no version`);
  return version;
}

function allTermsAllow(terms: readonly Term[], named: ReadonlySet<string>, text: string): boolean {
  const version = semver.parse(text);
  if (version === null) return false;
  if (version.prerelease.length > 0 && !named.has(version.version)) return false;
  return terms.every((term) => termAllows(term, version));
}

function termAllows(term: Term, version: semver.SemVer): boolean {
  const order = version.compare(term.version);
  switch (term.operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    default: // `~>`: the last written part may grow, the ones before it may not
      return (
        order >= 0 && version.major === term.version.major && (term.parts < 3 || version.minor === term.version.minor)
      );
  }
}

/** Whether the text is a full version, as folder and file names of a mirror must be. */
export function isVersion(text: string): boolean {
  return text.length <= 100 && semver.parse(text)?.raw === text && !text.startsWith('v');
}

export function isPrerelease(version: string): boolean {
  return (semver.prerelease(version)?.length ?? 0) > 0;
}

/** Newest first. */
export function sortVersions(versions: Iterable<string>): string[] {
  return [...versions].toSorted((a, b) => semver.rcompare(a, b));
}
