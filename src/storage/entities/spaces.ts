import { defineEntity, p } from '@mikro-orm/core';

export const SpaceEntity = defineEntity({
  name: 'Space',
  tableName: 'space',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    description: p.string(),
    parentSpace: p.string().nullable(),
    inheritEntities: p.boolean(),
    labels: p.array(),
    createdAt: p.datetime(3),
  },
});
