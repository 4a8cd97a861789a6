import { defineEntity, p } from '@mikro-orm/core';

import type { Json } from '../../shared/json.ts';

export type SchemaKind = 'PROVIDER' | 'RESOURCE' | 'DATA_SOURCE';

export const ProviderSchemaEntity = defineEntity({
  name: 'ProviderSchema',
  tableName: 'provider_schema',
  properties: {
    address: p.string().primary(),
    version: p.string().primary(),
    binarySha256: p.string().primary(),
    kind: p.string().$type<SchemaKind>().primary(),
    type: p.string().primary(),
    // Deflated JSON: schemas of large providers are read one type at a time.
    schema: p.blob().$type<Uint8Array>(),
    search: p.text(),
  },
});

export const ProviderBinaryEntity = defineEntity({
  name: 'ProviderBinary',
  tableName: 'provider_binary',
  properties: {
    address: p.string().primary(),
    version: p.string().primary(),
    sha256: p.string().primary(),
    protocol: p.integer(),
    capabilities: p.json().$type<Json>(),
    readAt: p.datetime(3),
  },
});
