import { badInput } from '../../shared/errors.ts';

const ALIAS = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** @returns undefined for the configuration without a name. @throws BAD_INPUT */
export function parseAlias(alias: string | null | undefined, field: string): string | undefined {
  if (alias === null || alias === undefined) return undefined;
  if (ALIAS.test(alias)) return alias;
  throw badInput(
    field,
    'has 1 to 64 letters, digits, _ or - and begins with a letter or _; leave it out for the configuration without a name',
  );
}
