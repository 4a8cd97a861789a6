// Who is calling: API keys, the tokens they are exchanged for, roles, and the rights that follow from them.
export { createAccessTokenCheck, resourcesOf } from './access-tokens.ts';
export { type AccessRule, findRulesByActor } from './access-rules.ts';
export { actorKey, actorsOfUser, findMemberships, groupsOf, type Memberships } from './actors.ts';
export { createApiKey, deleteApiKey, findApiKey, listApiKeys, updateApiKey, type ApiKeyRecord } from './api-keys.ts';
export { createCallerSource, type CallerSource } from './caller-source.ts';
export { cloneRole, createRole, deleteRole, updateRole } from './custom-roles.ts';
export { createFailureLimit } from '../failure-limit.ts';
export { exchangeApiKey } from './exchange-api-key.ts';
export { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts';
export { narrowToken } from './narrow-token.ts';
export { oauthRecordId } from './grant-is-alive.ts';
export {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
  isPersonalTokenSession,
  personalTokenSession,
  type PersonalTokenRecord,
} from './personal-tokens.ts';
export { rotateApiKey } from './rotate-api-key.ts';
export { checkActors, checkGroups, checkHandOut, type HandOut } from './hand-out.ts';
export { replaceAccessRules } from './replace-access-rules.ts';
export { hasRootAdmin, keepingRootAdmin } from './root-admins.ts';
export { rightsChanged } from '../rights-changed.ts';
export {
  createRoleBinding,
  createRoleBindings,
  deleteRoleBinding,
  findRoleBinding,
  listRoleBindings,
  spaceOfRoleBinding,
  type RoleBindingRecord,
} from './role-bindings.ts';
export { findRole, listRoles, type RoleRecord } from './roles.ts';
export { systemRoles } from './system-roles.ts';
export { IDENTITY_ALGORITHM, openSigningKeys, publicKeys, SIGNING_ALGORITHM, type SigningKey } from './signing-keys.ts';
export { createTokenKeys, TOKEN_SECONDS, type IssuedToken } from './tokens.ts';
