import { intentRules, intentShapeProblem, loginRules, loginShapeProblem } from '../../policy/index.ts';
import { may } from '../../shared/caller.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import type { PolicyRow } from '../../storage/policies.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../rights-changed.ts';

export function nameTaken(name: string): AppError {
  return new AppError(
    'CONFLICT',
    `name: there is a policy named ${JSON.stringify(name)} already; choose another name`,
    {
      details: { field: 'name' },
    },
  );
}

/** The columns that follow from a body. @throws BAD_INPUT, UNAVAILABLE */
export async function compileBody(
  context: DomainContext,
  body: string,
  engine: PolicyRow['engineType'],
): Promise<Pick<PolicyRow, 'body' | 'wasm' | 'wasmSha256' | 'rules'>> {
  const { wasm, sha256, rules } = await context.policyCompiler.compile({ body, engine });
  return { body, wasm, wasmSha256: sha256, rules: [...rules] };
}

/**
 * Refuses a policy for Intent, or for logins, with a rule of the wrong kind, as far as that shows without an input: it
 * would deny everything, always. One that cannot be evaluated like this is saved; it says why when it is asked.
 *
 * @throws BAD_INPUT
 */
export async function checkRuleKinds(
  context: DomainContext,
  { type, wasm, wasmSha256 }: Pick<PolicyRow, 'type' | 'wasm' | 'wasmSha256'>,
): Promise<void> {
  const problemOf = { INTENT: intentShapeProblem, LOGIN: loginShapeProblem }[type];
  if (problemOf === undefined || wasm === undefined || wasmSha256 === undefined) return;
  const result = await context.policyEngine.evaluate({ wasm, sha256: wasmSha256 }, {}).catch(() => null);
  const problem = problemOf(result);
  if (problem !== undefined) throw badInput('body', problem);
}

/** Login policies count everywhere, so they live in root. @throws BAD_INPUT */
export function checkSpace({ type, space }: Pick<PolicyRow, 'type' | 'space'>): void {
  if (type === 'LOGIN' && space !== 'root')
    throw badInput('space', 'login policies live in the root space; leave `space` out or say root');
}

/**
 * Refuses a policy for Intent, or for logins, without any rule that is read, such as one whose name has a slip in it: it
 * would leave every operation to a reviewer, or keep everybody out.
 *
 * @throws BAD_INPUT
 */
export function checkRuleNames({ type, rules }: Pick<PolicyRow, 'type' | 'rules'>): void {
  const known: readonly string[] | undefined = { INTENT: intentRules, LOGIN: loginRules }[type];
  if (known === undefined || rules.some((rule) => known.includes(rule))) return;
  throw badInput(
    'body',
    `a policy of type ${type} needs a rule that is read: one of ${known.join(', ')}; it has ${rules.join(', ')}`,
  );
}

/**
 * Who writes a login policy can make anybody admin of everything, so only such admins do, whatever else may be done
 * with policies by others.
 *
 * @throws FORBIDDEN
 */
export function refuseLoginPolicy({ caller }: Request, { type }: { readonly type: string }): void {
  if (type !== 'LOGIN' || may(caller, 'SPACE_ADMIN', 'root')) return;
  throw new AppError('FORBIDDEN', 'unauthorized: login policies are for administrators of the root space');
}

/** After the commit: other login policies make every server judge all sessions again. */
export async function loginPoliciesChanged(context: DomainContext, { type }: Pick<PolicyRow, 'type'>): Promise<void> {
  if (type === 'LOGIN') await rightsChanged(context);
}
