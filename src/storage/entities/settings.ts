import { defineEntity, p } from '@mikro-orm/core';

export const SettingEntity = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  properties: {
    id: p.string().primary(),
    value: p.blob().$type<Uint8Array>(),
  },
});

export const DataKeyEntity = defineEntity({
  name: 'DataKey',
  tableName: 'data_key',
  properties: {
    id: p.integer().primary(),
    keyId: p.string(),
    wrapped: p.blob().$type<Uint8Array>(),
    // Messages sealed, counted ahead in blocks.
    used: p.bigint('number'),
    retiredAt: p.datetime(3).nullable(),
    createdAt: p.datetime(3),
  },
});
