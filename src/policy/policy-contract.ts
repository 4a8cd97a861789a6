import type { Json, JsonObject } from '../shared/json.ts';
import { bannedBuiltins, missingBuiltins, ownDeclarations } from './capabilities.ts';
import { intentInputSchema } from './intent-input.ts';
import { loginInputSchema } from './login-input.ts';
import { POLICY_PACKAGE } from './package-name.ts';

const message = {
  anyOf: [{ type: 'string' }, { type: 'object', required: ['msg'], properties: { msg: { type: 'string' } } }],
};
const messages = (description: string) => ({ type: 'array', description, items: message });
const truth = (description: string) => ({ type: 'boolean', description });
const truthOrSet = (description: string) => ({ anyOf: [{ type: 'boolean' }, { type: 'array' }], description });
const someNames = {
  anyOf: [
    { type: 'array', items: { type: 'string' } },
    { type: 'object', additionalProperties: { type: 'boolean' } },
  ],
};
const names = (description: string) => ({ ...someNames, description });
const spaceNames = names('older form: ids of spaces');

const sample = truth('keeps what the policy saw and said, without secrets');

const intentRules: JsonObject = {
  deny: messages('reasons to block; a set of texts, or of objects with `msg`'),
  allow: messages('reasons to let through; a set of texts, or of objects with `msg`'),
  sample,
};

const loginRules: JsonObject = {
  allow: truthOrSet('let in'),
  deny: {
    anyOf: [{ type: 'boolean' }, { type: 'array', items: message }],
    description: 'keep out, whatever else is said; the texts of a set are shown to the person',
  },
  admin: truthOrSet('let in, as administrator of root'),
  deny_admin: truthOrSet('no administrator of root in this session, whatever else says so'),
  roles: { type: 'object', additionalProperties: someNames, description: 'by space: slugs or ids of roles in it' },
  space_admin: spaceNames,
  space_write: spaceNames,
  space_read: spaceNames,
  team: names('takes the place of the teams that were named'),
  sample,
};

const intentDecisions: readonly (readonly [when: string, decision: string])[] = [
  ['no policy is attached', 'ALLOWED'],
  ['an error, a time-out or a result of another shape', 'DENIED'],
  ['any deny', 'DENIED'],
  ['an allow and no deny', 'ALLOWED'],
  ['neither', 'REVIEW'],
];

const loginDecisions: readonly (readonly [when: string, decision: string])[] = [
  ['there is no login policy', 'ALLOWED'],
  ['an error, a time-out, a result of another shape, a role or space that is not there', 'DENIED'],
  ['any deny', 'DENIED'],
  ['an allow or admin and no deny', 'ALLOWED'],
  ['none of these', 'DENIED'],
];

/** How long one evaluation may take, by type of policy. */
export type PolicyTimeouts = Readonly<Record<'INTENT' | 'LOGIN', number>>;

/**
 * What policies of each type are given and what they must give, for editors, tests and generators: input and result as
 * JSON Schemas (draft 2020-12), how results become decisions, and which functions are refused and why.
 */
export function policyContract(timeoutsMs: PolicyTimeouts): JsonObject {
  return {
    package: POLICY_PACKAGE,
    engines: ['REGO_V0', 'REGO_V1'],
    types: {
      INTENT: typeContract(intentInputSchema, intentRules, intentDecisions, timeoutsMs.INTENT),
      LOGIN: typeContract(loginInputSchema, loginRules, loginDecisions, timeoutsMs.LOGIN),
    },
    builtins: { added: [...ownDeclarations], refused: { ...bannedBuiltins, ...missingBuiltins } },
  };
}

function typeContract(
  input: Readonly<Record<string, Json>>,
  rules: JsonObject,
  decisions: readonly (readonly [when: string, decision: string])[],
  timeoutMs: number,
): JsonObject {
  return {
    input,
    result: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: rules },
    decisions: decisions.map(([when, decision]) => ({ when, decision })),
    timeoutMs,
  };
}
