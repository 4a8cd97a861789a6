import { defineEntity, p } from '@mikro-orm/core';

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'app_user',
  properties: {
    id: p.string().primary(),
    // In lower case; unique.
    username: p.string(),
    // argon2id, in the usual text form with its parameters and salt.
    passwordHash: p.string(),
    disabled: p.boolean(),
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
    userId: p.string(),
    remoteAddress: p.string().nullable(),
    client: p.string().nullable(),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3),
  },
});

export const InvitationEntity = defineEntity({
  name: 'Invitation',
  tableName: 'invitation',
  properties: {
    // SHA-256 of the secret in the link.
    id: p.string().primary(),
    roleId: p.string(),
    spaceId: p.string(),
    createdAt: p.datetime(3),
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
