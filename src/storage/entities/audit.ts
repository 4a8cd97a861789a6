import { defineEntity, p } from '@mikro-orm/core';

import type { Json } from '../../shared/json.ts';

export const AuditEntity = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    id: p.string().primary(),
    // Null until the sequencer has linked the entry into the chain.
    seq: p.bigint('number').nullable(),
    at: p.datetime(3),
    account: p.string(),
    eventType: p.string(),
    action: p.string(),
    actor: p.string(),
    actorRoles: p.array(),
    space: p.string().nullable(),
    affectedType: p.string(),
    affectedId: p.string().nullable(),
    relatedType: p.string().nullable(),
    relatedId: p.string().nullable(),
    data: p.json().$type<Json>(),
    remoteAddress: p.string().nullable(),
    prevHash: p.string().nullable(),
    hash: p.string().nullable(),
  },
});

export const AuditCheckpointEntity = defineEntity({
  name: 'AuditCheckpoint',
  tableName: 'audit_checkpoint',
  properties: {
    id: p.string().primary(),
    // END: the trail ended here. DROPPED: entries up to here are no longer kept.
    kind: p.string(),
    seq: p.bigint('number'),
    hash: p.string(),
    at: p.datetime(3),
    account: p.string(),
    keyId: p.string(),
    signature: p.string(),
  },
});
