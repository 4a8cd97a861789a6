import type { DomainContext } from '../../domain/context.ts';
import { intentDecision, type IntentPolicyInput } from '../../policy/index.ts';
import { asJson } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { findEdges } from '../../storage/dependencies.ts';
import { findProjectPolicies, type PolicyRow } from '../../storage/policies.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import { findResourceTypes } from '../../storage/resources.ts';
import { findLineage, type SpaceRow } from '../../storage/spaces.ts';
import type { Decision } from '../run.ts';
import { policyInput, type PolicyFacts } from '../show/policy-input.ts';
import { evaluatePolicies } from './evaluate-policies.ts';

export type Question = Omit<PolicyFacts, 'spaces' | 'dependencies' | 'at'>;

/** What a plan is judged by, beside the question itself. */
export interface Background {
  readonly policies: readonly PolicyRow[];
  readonly spaces: readonly SpaceRow[];
  readonly dependencies: IntentPolicyInput['dependencies'];
}

/** Asks every policy of the project, each alone, and unites what they say. What cannot be evaluated denies. */
export async function judge(domain: DomainContext, question: Question, known?: Background): Promise<Decision> {
  const { policies, ...rest } = known ?? (await readBackground(domain, question.project, question.resourceID));
  return decide(domain, policies, policyInput({ ...question, ...rest, at: domain.clock.now() }));
}

/** What a judgement needs beside the question. */
export function readBackground(domain: DomainContext, project: ProjectRow, resourceID: string): Promise<Background> {
  return domain.storage.read(async (db) => {
    const [policies, spaces, dependencies] = await Promise.all([
      findProjectPolicies(db, project.id),
      findLineage(db, project.space),
      neighborsOf(db, project, resourceID),
    ]);
    return { policies, spaces, dependencies };
  });
}

/** The decision of some policies on a document. */
export async function decide(
  domain: DomainContext,
  policies: readonly PolicyRow[],
  input: IntentPolicyInput,
  options: { readonly samples: 'keep' | 'drop' } = { samples: 'keep' },
): Promise<Decision> {
  const judged = await evaluatePolicies(domain, policies, asJson(input), options.samples === 'keep');
  const { sample: _sample, ...decision } = intentDecision(judged.results);
  const names = policies.map(({ name }) => name);
  if (judged.failures.length === 0) return { ...decision, policies: names };
  return { ...decision, outcome: 'DENIED', deny: [...decision.deny, ...judged.failures], policies: names };
}

async function neighborsOf(db: Db, { id }: ProjectRow, resourceID: string): Promise<IntentPolicyInput['dependencies']> {
  const edges = await findEdges(db, id, resourceID);
  const upstream = edges.filter((edge) => edge.fromResource === resourceID).map((edge) => edge.toResource);
  const downstream = edges.filter((edge) => edge.toResource === resourceID).map((edge) => edge.fromResource);
  const all = [...upstream, ...downstream];
  const types = all.length === 0 ? new Map<string, string>() : await findResourceTypes(db, id, all);
  const named = (ids: string[]) => ids.map((each) => ({ resource_id: each, resource_type: types.get(each) ?? '' }));
  return { upstream: named(upstream), downstream: named(downstream) };
}
