import type { DomainContext } from '../../domain/context.ts';
import { evaluatePolicies as evaluateEach, keepSample } from '../../domain/evaluation/index.ts';
import { intentDecision, type PolicyResult } from '../../policy/index.ts';
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
  const judged = await evaluateEach(domain, policies, input);
  for (const { policy, result } of judged) {
    if (keepsSamples && result !== undefined) await sample(domain, policy, result, input);
  }
  return {
    results: judged.flatMap(({ result }) => (result === undefined ? [] : [result])),
    failures: judged.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

async function sample(domain: DomainContext, policy: PolicyRow, result: PolicyResult, input: Json): Promise<void> {
  const { sample: asking, outcome } = intentDecision([result]);
  if (asking.length === 0) return;
  const { id: policyId, body } = policy;
  await keepSample(domain, { policyId, body, outcome: sampleOutcomes[outcome], input, result: result.result });
}

const sampleOutcomes = { ALLOWED: 'allow', DENIED: 'deny', REVIEW: 'review' } as const;
