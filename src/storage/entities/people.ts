import { defineEntity, p } from '@mikro-orm/core';

import type { SpaceAccessLevel } from '../../../generated/enums.ts';

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'app_user',
  properties: {
    id: p.string().primary(),
    // In lower case; unique.
    username: p.string(),
    // argon2id, in the usual text form with its parameters and salt. Nobody signs in by password without one.
    passwordHash: p.string().nullable(),
    disabled: p.boolean(),
    email: p.string().nullable(),
    // Issuer and subject together are the person at the company's identity provider; an address is not.
    ssoIssuer: p.string().nullable(),
    ssoSubject: p.string().nullable(),
    // Names of groups, as the identity provider gave them at the last sign-in.
    ssoGroups: p.array(),
    createdAt: p.datetime(3),
    lastSignInAt: p.datetime(3).nullable(),
  },
});

export const BrowserSessionEntity = defineEntity({
  name: 'BrowserSession',
  tableName: 'browser_session',
  properties: {
    // SHA-256 of the cookie: who reads the table cannot use it.
    id: p.string().primary(),
    kind: p.string().$type<'BROWSER' | 'COMMAND_LINE'>(),
    userId: p.string(),
    remoteAddress: p.string().nullable(),
    client: p.string().nullable(),
    createdAt: p.datetime(3),
    lastUsedAt: p.datetime(3).nullable(),
    expiresAt: p.datetime(3),
  },
});

export const InvitationEntity = defineEntity({
  name: 'Invitation',
  tableName: 'invitation',
  properties: {
    // SHA-256 of the secret in the link.
    id: p.string().primary(),
    // Whom it is for; without one it makes a user, who gets the role in the space.
    userId: p.string().nullable(),
    roleId: p.string().nullable(),
    spaceId: p.string().nullable(),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3),
  },
});

export const UserGroupEntity = defineEntity({
  name: 'UserGroup',
  tableName: 'user_group',
  properties: {
    id: p.string().primary(),
    // Unique. Whoever has a group of this name at the identity provider is a member too.
    name: p.string(),
    description: p.string(),
    createdAt: p.datetime(3),
  },
});

export const UserGroupMemberEntity = defineEntity({
  name: 'UserGroupMember',
  tableName: 'user_group_member',
  properties: {
    id: p.string().primary(),
    groupId: p.string(),
    userId: p.string(),
  },
});

export const AccessRuleEntity = defineEntity({
  name: 'AccessRule',
  tableName: 'access_rule',
  properties: {
    id: p.string().primary(),
    actorKind: p.string().$type<'USER' | 'GROUP'>(),
    actorId: p.string(),
    spaceId: p.string(),
    level: p.string().$type<SpaceAccessLevel>(),
  },
});

export const OAuthGrantEntity = defineEntity({
  name: 'OAuthGrant',
  tableName: 'oauth_grant',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    clientId: p.string(),
    clientName: p.string(),
    resource: p.string(),
    scopes: p.array(),
    remoteAddress: p.string().nullable(),
    createdAt: p.datetime(3),
    lastUsedAt: p.datetime(3).nullable(),
    expiresAt: p.datetime(3),
  },
});

export const OAuthRecordEntity = defineEntity({
  name: 'OAuthRecord',
  tableName: 'oauth_record',
  properties: {
    // SHA-256 of kind and id: codes and refresh tokens are their own ids.
    id: p.string().primary(),
    kind: p.string(),
    payload: p.blob().$type<Uint8Array>(),
    grantId: p.string().nullable(),
    // A second name that some kinds are looked up by, hashed like the id.
    alias: p.string().nullable(),
    consumedAt: p.datetime(3).nullable(),
    expiresAt: p.datetime(3).nullable(),
  },
});
