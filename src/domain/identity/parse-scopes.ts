import type { Caller, Scope } from '../../shared/caller.ts';
import { AppError, badInput } from '../../shared/errors.ts';

const SCOPES: readonly string[] = ['mcp:read', 'mcp:write'] satisfies Scope[];

const isScope = (text: string): text is Scope => SCOPES.includes(text);

/**
 * The scopes of something that is to act for the caller: never more than the caller has. `mcp:write` implies `mcp:read`.
 *
 * @throws BAD_INPUT, INSUFFICIENT_SCOPE
 */
export function parseScopes(given: readonly string[], { scopes: held }: Pick<Caller, 'scopes'>): Scope[] {
  const wanted = given.filter(isScope);
  if (wanted.length === 0 || wanted.length < given.length) {
    throw badInput('scopes', 'must be mcp:read, or mcp:write, which includes it');
  }
  const scopes: Scope[] = wanted.includes('mcp:write') ? ['mcp:read', 'mcp:write'] : ['mcp:read'];
  const missing = scopes.find((scope) => !held.has(scope) && !(scope === 'mcp:read' && held.has('mcp:write')));
  if (missing === undefined) return scopes;
  throw new AppError('INSUFFICIENT_SCOPE', `unauthorized: ${missing} is not among the scopes of this token`);
}
