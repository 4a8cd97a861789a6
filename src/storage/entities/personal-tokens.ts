import { defineEntity, p } from '@mikro-orm/core';

export const PersonalTokenEntity = defineEntity({
  name: 'PersonalToken',
  tableName: 'personal_token',
  properties: {
    id: p.string().primary(),
    ownerKind: p.string().$type<'USER' | 'API_KEY'>(),
    ownerId: p.string(),
    name: p.string(),
    // SHA-256 of 192 random bits and more: nothing to guess. Unique, and what the token is found by.
    tokenHash: p.blob().$type<Uint8Array>(),
    scopes: p.array().$type<('mcp:read' | 'mcp:write')[]>(),
    // Empty: wherever the owner may be.
    spaces: p.array(),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3),
    lastUsedAt: p.datetime(3).nullable(),
  },
});
