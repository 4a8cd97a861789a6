import type { PolicyResult } from '../../policy/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { PolicyRow } from '../../storage/policies.ts';
import type { DomainContext } from '../context.ts';

type EvaluationContext = Pick<DomainContext, 'policyEngine' | 'policyCompiler' | 'log'>;

/** What came of asking one policy: a result, or why there is none. Whoever asks must take a failure for a refusal. */
export interface Evaluated {
  readonly policy: PolicyRow;
  readonly result: PolicyResult | undefined;
  readonly failure: string | undefined;
}

/** Evaluates each policy alone. Never rejects. */
export function evaluatePolicies(
  context: EvaluationContext,
  policies: readonly PolicyRow[],
  input: Json,
): Promise<Evaluated[]> {
  return Promise.all(policies.map((policy) => evaluateOne(context, policy, input)));
}

async function evaluateOne(context: EvaluationContext, policy: PolicyRow, input: Json): Promise<Evaluated> {
  const { id, name, type } = policy;
  try {
    const result = await context.policyEngine.evaluate({ ...(await programOf(context, policy)), type }, input);
    return { policy, result: { policy: { id, name }, result }, failure: undefined };
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'internal error';
    context.log.warn({ error, policy: id }, 'a policy could not be evaluated: it blocks');
    return { policy, result: undefined, failure: `policy ${JSON.stringify(name)} could not be evaluated: ${reason}` };
  }
}

/** The compiled form; a policy that was saved without one is compiled now. */
async function programOf(context: EvaluationContext, policy: PolicyRow): Promise<{ wasm: Uint8Array; sha256: string }> {
  const { wasm, wasmSha256: sha256, body, engineType } = policy;
  if (wasm !== undefined && sha256 !== undefined) return { wasm, sha256 };
  return context.policyCompiler.compile({ body, engine: engineType });
}
