import { defineEntity, p } from '@mikro-orm/core';

import type { Action } from '../../../generated/enums.ts';

/** Whose tokens a key takes instead of a secret. */
export interface OidcTrust {
  readonly issuer: string;
  /** The audience that the tokens must be for. */
  readonly clientId: string;
  readonly subjectExpression: string;
  readonly claimMapping: readonly { readonly name: string; readonly value: string }[];
}

export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    description: p.string(),
    type: p.string().$type<'SECRET' | 'OIDC'>(),
    // SHA-256 of a random 256-bit secret: nothing to guess, so no slow hash is needed.
    // Empty for a key that proves itself by tokens of another server.
    secretHash: p.blob().$type<Uint8Array>().nullable(),
    // The secret before the last rotation, for as long as it still counts.
    previousSecretHash: p.blob().$type<Uint8Array>().nullable(),
    previousSecretUntil: p.datetime(3).nullable(),
    // Tokens name the generation that they are of; those of another one are refused.
    generation: p.integer(),
    oidc: p.json().$type<OidcTrust>().nullable(),
    creator: p.string().nullable(),
    createdAt: p.datetime(3),
    lastUsedAt: p.datetime(3).nullable(),
    expiresAt: p.datetime(3).nullable(),
    deleted: p.boolean(),
    teams: p.array(),
  },
});

export const RoleEntity = defineEntity({
  name: 'Role',
  tableName: 'role',
  properties: {
    id: p.string().primary(),
    slug: p.string(),
    name: p.string(),
    description: p.string(),
    isSystem: p.boolean(),
    actions: p.array().$type<Action[]>(),
  },
});

export const RoleBindingEntity = defineEntity({
  name: 'RoleBinding',
  tableName: 'role_binding',
  properties: {
    id: p.string().primary(),
    actorKind: p.string().$type<'API_KEY' | 'USER' | 'GROUP'>(),
    actorId: p.string(),
    roleId: p.string(),
    spaceId: p.string(),
    projectId: p.string().nullable(),
  },
});

export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'session',
  properties: {
    id: p.string().primary(),
    principal: p.string(),
    currentProject: p.string().nullable(),
    updatedAt: p.datetime(3),
  },
});
