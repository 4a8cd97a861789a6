import { defineEntity, p } from '@mikro-orm/core';

import type { Json } from '../../shared/json.ts';

export const ProjectExpiryEntity = defineEntity({
  name: 'ProjectExpiry',
  tableName: 'intent_project_expiry',
  properties: {
    id: p.string().primary(),
    ttlSeconds: p.integer().nullable(),
    expiresAt: p.datetime(3),
    action: p.string().$type<'ARCHIVE' | 'DELETE'>(),
    warnedHours: p.integer().nullable(),
    archivedAt: p.datetime(3).nullable(),
    nextAt: p.datetime(3).nullable(),
    note: p.text().nullable(),
  },
});

export const ProjectWatchEntity = defineEntity({
  name: 'ProjectWatch',
  tableName: 'intent_project_watch',
  properties: {
    id: p.string().primary(),
    intervalMinutes: p.integer().nullable(),
    nextAt: p.datetime(3).nullable(),
    checkedAt: p.datetime(3).nullable(),
    note: p.text().nullable(),
    webhookUrl: p.blob().$type<Uint8Array>().nullable(),
    webhookSecret: p.blob().$type<Uint8Array>().nullable(),
    webhookFailure: p.text().nullable(),
  },
});

export const ProjectNoticeEntity = defineEntity({
  name: 'ProjectNotice',
  tableName: 'intent_project_notice',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    event: p.json().$type<Json>(),
    attempts: p.integer(),
    nextAt: p.datetime(3),
    createdAt: p.datetime(3),
  },
});
