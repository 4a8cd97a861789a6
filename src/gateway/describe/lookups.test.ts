import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { encode } from 'gpt-tokenizer/encoding/o200k_base';

import { fieldAccess, typeAccess } from '../../../generated/access.ts';
import { actions } from '../../../generated/enums.ts';
import type { Caller } from '../../shared/caller.ts';
import { silentLogger } from '../../shared/logger.ts';
import { createGateway } from '../index.ts';

// What people and assistants ask for, and the name that answers it.
const lookups: readonly (readonly [question: string, answer: string])[] = [
  ['list spaces', 'spaces'],
  ['one space by id', 'space'],
  ['create a space', 'spaceCreate'],
  ['rename a space', 'spaceUpdate'],
  ['remove a space', 'spaceDelete'],
  ['who am I', 'viewer'],
  ['who is calling', 'viewer'],
  ['exchange an API key for a token', 'apiKeyUser'],
  ['make a new API key', 'apiKeyCreate'],
  ['delete an API key', 'apiKeyDelete'],
  ['list API keys', 'apiKeys'],
  ['give an API key a role', 'apiKeyRoleBindingCreate'],
  ['list roles', 'roles'],
  ['what can a role allow', 'Action'],
  ['create an intent project', 'intentProjectCreate'],
  ['intent projects', 'intentProjects'],
  ['delete intent project', 'intentProjectDelete'],
  ['select the project for this session', 'intentProjectActivate'],
  ['release the lock of a project', 'intentProjectUnlock'],
  ['which project does this session use', 'intentProjectActive'],
  ['disable a project', 'intentProjectDisable'],
  ['enable project', 'intentProjectEnable'],
  ['attach a policy to a project', 'policyIntentProjectAttach'],
  ['detach a policy from a project', 'policyIntentProjectDetach'],
  ['create a resource', 'intentResourceCreate'],
  ['update resource', 'intentResourceUpdate'],
  ['destroy a resource', 'intentResourceDelete'],
  ['import an existing resource', 'intentResourceImport'],
  ['refresh resource state', 'intentResourceRefresh'],
  ['forget a resource without destroying it', 'intentResourceEject'],
  ['resume an interrupted operation', 'intentResourceOperationResume'],
  ['cancel operation', 'intentResourceOperationCancel'],
  ['approve or reject an operation', 'intentResourceOperationReview'],
  ['history of operations', 'searchIntentResourcesOperations'],
  ['read a data source', 'intentDataSourceRead'],
  ['dependencies of a resource', 'intentResourceDependencies'],
  ['add a dependency between resources', 'intentResourceDependencyAdd'],
  ['remove dependency', 'intentResourceDependencyRemove'],
  ['state of a resource', 'IntentResource.state'],
  ['create an intent policy', 'intentPolicyCreate'],
  ['dry run a policy', 'intentPolicyDryRun'],
  ['policy input schema', 'intentPolicyInputSchema'],
  ['list policies', 'policies'],
  ['update a policy body', 'policyUpdate'],
  ['delete policy', 'policyDelete'],
  ['simulate a policy', 'policySimulate'],
  ['search providers', 'providerSearch'],
  ['arguments of a provider resource type', 'providerResource'],
  ['audit trail entries', 'searchAuditTrailEntries'],
  ['server version', 'debugInfo'],
];

const MAX_TOKENS = 1_500;
const admin: Caller = {
  principal: { kind: 'USER', id: 'admin', name: 'admin' },
  session: 'session',
  scopes: new Set(['mcp:write']),
  grants: new Map([['root', new Set(actions)]]),
};
const gateway = createGateway({
  typeDefs: readFileSync('generated/schema.graphql', 'utf8'),
  resolvers: {},
  access: { typeAccess, fieldAccess },
  spaceOf: {},
  contextFor: (caller, origin) => ({ caller, origin }),
  log: silentLogger,
});

describe('fifty lookups in the real API', () => {
  it('are answered by the first page of a search in at least 95 of 100 cases', () => {
    const missed = lookups.filter(([search, answer]) => !find(search).some((line) => names(line, answer)));
    const recall = 1 - missed.length / lookups.length;
    assert.ok(recall >= 0.95, `recall ${recall}; missed: ${missed.map(([question]) => question).join('; ')}`);
  });

  it('cost at most 1,500 tokens each', () => {
    const costs = lookups.map(([search]) => encode(find(search).join('\n')).length);
    assert.ok(Math.max(...costs) <= MAX_TOKENS, `the dearest costs ${Math.max(...costs)}`);
  });
});

function find(search: string): string[] {
  return gateway.describe(admin, { kind: 'SEARCH', search }).text.split('\n');
}

function names(line: string, answer: string): boolean {
  return new RegExp(`(^| |\\.)${answer.replace('.', '\\.')}([(: #]|$)`).test(line.split(' # ')[0] ?? '');
}
