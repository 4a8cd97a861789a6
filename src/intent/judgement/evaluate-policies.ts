import type { DomainContext } from '../../domain/context.ts';
import { recordSample } from '../../domain/policies/index.ts';
import { intentDecision, type PolicyResult } from '../../policy/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { PolicyRow } from '../../storage/policies.ts';

export interface Judged {
  readonly results: readonly PolicyResult[];
  /** Why policies could not be evaluated: each of them blocks. */
  readonly failures: readonly string[];
}

/** Evaluates each policy alone and keeps a sample where a policy asks for it. */
export async function evaluatePolicies(
  domain: DomainContext,
  policies: readonly PolicyRow[],
  input: Json,
  keepsSamples: boolean,
): Promise<Judged> {
  const judged = await Promise.all(policies.map((policy) => evaluateOne(domain, policy, input)));
  for (const [at, { result }] of judged.entries()) {
    const policy = policies[at];
    if (keepsSamples && result !== undefined && policy !== undefined) await keepSample(domain, policy, result, input);
  }
  return {
    results: judged.flatMap(({ result }) => (result === undefined ? [] : [result])),
    failures: judged.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

interface OneJudged {
  readonly result: PolicyResult | undefined;
  readonly failure: string | undefined;
}

async function evaluateOne(domain: DomainContext, policy: PolicyRow, input: Json): Promise<OneJudged> {
  const { id, name } = policy;
  try {
    const result = {
      policy: { id, name },
      result: await domain.policyEngine.evaluate(await programOf(domain, policy), input),
    };
    return { result, failure: undefined };
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'internal error';
    domain.log.warn({ error, policy: id }, 'a policy could not be evaluated: it blocks');
    return { result: undefined, failure: `policy ${JSON.stringify(name)} could not be evaluated: ${reason}` };
  }
}

/** The compiled form; a policy that was saved without one is compiled now. */
async function programOf(domain: DomainContext, policy: PolicyRow): Promise<{ wasm: Uint8Array; sha256: string }> {
  const { wasm, wasmSha256: sha256, body, engineType } = policy;
  if (wasm !== undefined && sha256 !== undefined) return { wasm, sha256 };
  return domain.policyCompiler.compile({ body, engine: engineType });
}

async function keepSample(domain: DomainContext, policy: PolicyRow, result: PolicyResult, input: Json): Promise<void> {
  const decision = intentDecision([result]);
  if (decision.sample.length === 0) return;
  const sample = {
    policyId: policy.id,
    body: policy.body,
    outcome: sampleOutcomes[decision.outcome],
    input,
    result: result.result,
  };
  // A sample helps to understand a decision; failing to keep one must not change it.
  await domain.storage
    .transaction((db) => recordSample(db, domain, sample))
    .catch((error: unknown) => domain.log.warn({ error, policy: policy.id }, 'a sample could not be kept'));
}

const sampleOutcomes = { ALLOWED: 'allow', DENIED: 'deny', REVIEW: 'review' } as const;
