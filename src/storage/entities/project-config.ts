import { defineEntity, p } from '@mikro-orm/core';

export type ConfigType = 'ENVIRONMENT_VARIABLE' | 'FILE_MOUNT' | 'IDENTITY_TOKEN';

export const ProviderConfigEntity = defineEntity({
  name: 'ProviderConfig',
  tableName: 'intent_provider_config',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    provider: p.string(),
    alias: p.string(),
    config: p.blob().$type<Uint8Array>(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

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
