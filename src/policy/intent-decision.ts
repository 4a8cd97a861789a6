import { isJsonObject, type Json } from '../shared/json.ts';
import { isJsonArray } from './json-array.ts';

export interface PolicyResult {
  readonly policy: { readonly id: string; readonly name: string };
  /** What the policy's package evaluated to. */
  readonly result: Json;
}

export interface IntentDecision {
  readonly outcome: 'ALLOWED' | 'DENIED' | 'REVIEW';
  /** Reasons, sorted and without repeats. */
  readonly deny: readonly string[];
  readonly allow: readonly string[];
  /** Ids of the policies that ask for this evaluation to be kept. */
  readonly sample: readonly string[];
}

/** One policy's part, read from what its rules evaluated to. */
interface Verdict {
  readonly deny: readonly string[];
  readonly allow: readonly string[];
  readonly sample: boolean;
}

const MALFORMED = 'malformed';

/** The rules of a policy for Intent that are read. */
export const intentRules = ['deny', 'allow', 'sample'] as const;

/**
 * Unites the results of all policies attached to a project. Each policy was evaluated alone; one denial wins; a result
 * that cannot be read denies. The order of the policies does not matter.
 *
 * @returns ALLOWED without any policy; DENIED with any reason to deny; ALLOWED with a reason to allow and none to deny;
 * else REVIEW: a person decides
 */
export function intentDecision(results: readonly PolicyResult[]): IntentDecision {
  const verdicts = results.map(({ policy, result }) => ({ id: policy.id, ...readVerdict(policy.name, result) }));
  const deny = sortedUnique(verdicts.flatMap((verdict) => verdict.deny));
  const allow = sortedUnique(verdicts.flatMap((verdict) => verdict.allow));
  const sample = sortedUnique(verdicts.filter((verdict) => verdict.sample).map((verdict) => verdict.id));
  return { outcome: outcomeOf(results.length, deny.length, allow.length), deny, allow, sample };
}

function outcomeOf(policies: number, denials: number, approvals: number): IntentDecision['outcome'] {
  if (policies === 0) return 'ALLOWED';
  if (denials > 0) return 'DENIED';
  return approvals > 0 ? 'ALLOWED' : 'REVIEW';
}

function readVerdict(name: string, result: Json): Verdict {
  if (!isJsonObject(result)) return malformed(name, 'gave no object of rules');
  const deny = readMessages(own(result, 'deny'));
  const allow = readMessages(own(result, 'allow'));
  const sample = Object.hasOwn(result, 'sample') ? result['sample'] : false;
  if (deny === MALFORMED) return malformed(name, 'has a rule `deny` that is not a set of messages');
  if (allow === MALFORMED) return malformed(name, 'has a rule `allow` that is not a set of messages');
  if (typeof sample !== 'boolean') return malformed(name, 'has a rule `sample` that is not true or false');
  return { deny, allow, sample };
}

/**
 * What no input can mend in what the rules of a policy evaluate to: a policy that has this denies whenever it is asked.
 *
 * @returns undefined when there is nothing of that kind
 */
export function intentShapeProblem(result: Json): string | undefined {
  if (!isJsonObject(result)) return undefined; // a policy without a rule that holds
  for (const rule of ['deny', 'allow'] as const)
    if (readMessages(own(result, rule)) === MALFORMED)
      return `the rule \`${rule}\` must be a set of messages, such as \`${rule} contains "why" if …\` (\`${rule}["why"] { … }\` in Rego v0)`;
  const sample = own(result, 'sample');
  return sample === undefined || typeof sample === 'boolean' ? undefined : 'the rule `sample` must be true or false';
}

function malformed(name: string, problem: string): Verdict {
  return { deny: [`policy ${JSON.stringify(name)} ${problem}, so nothing is allowed`], allow: [], sample: false };
}

/** A set arrives as an array. An element is the message, or an object that carries it as `msg`. */
function readMessages(value: Json | undefined): readonly string[] | typeof MALFORMED {
  if (value === undefined) return [];
  if (!isJsonArray(value)) return MALFORMED;
  const messages = value.map((element) => (isJsonObject(element) ? own(element, 'msg') : element));
  return messages.every((message) => typeof message === 'string') ? messages : MALFORMED;
}

function own(object: Readonly<Record<string, Json>>, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function sortedUnique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
