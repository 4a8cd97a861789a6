// Who is calling: API keys, the tokens they are exchanged for, roles, and the rights that follow from them.
export { createApiKey, deleteApiKey, findApiKey, listApiKeys, updateApiKey, type ApiKeyRecord } from './api-keys.ts';
export { createCallerSource, type CallerSource } from './caller-source.ts';
export { exchangeApiKey } from './exchange-api-key.ts';
export { rightsChanged } from './rights-changed.ts';
export {
  createRoleBinding,
  deleteRoleBinding,
  findRoleBinding,
  listRoleBindings,
  spaceOfRoleBinding,
  type RoleBindingRecord,
} from './role-bindings.ts';
export { findRole, listRoles, type RoleRecord } from './roles.ts';
export { systemRoles } from './system-roles.ts';
