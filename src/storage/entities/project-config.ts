import { defineEntity, p } from '@mikro-orm/core';

export type ConfigType = 'ENVIRONMENT_VARIABLE' | 'FILE_MOUNT';

export const ProjectConfigEntity = defineEntity({
  name: 'ProjectConfig',
  tableName: 'intent_project_config',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    name: p.string(),
    type: p.string().$type<ConfigType>(),
    value: p.blob().$type<Uint8Array>(),
    size: p.integer(),
    checksum: p.string(),
    writeOnly: p.boolean(),
    description: p.string(),
    createdAt: p.datetime(3),
  },
});
