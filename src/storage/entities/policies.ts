import { defineEntity, p } from '@mikro-orm/core';

export const PolicyEntity = defineEntity({
  name: 'Policy',
  tableName: 'policy',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    description: p.string(),
    labels: p.array(),
    space: p.string(),
    type: p.string(),
    engineType: p.string().$type<'REGO_V0' | 'REGO_V1'>(),
    body: p.text(),
    enabled: p.boolean(),
    wasm: p.blob().$type<Uint8Array>().nullable(),
    wasmSha256: p.string().nullable(),
    rules: p.array(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export const PolicyAttachmentEntity = defineEntity({
  name: 'PolicyAttachment',
  tableName: 'policy_attachment',
  properties: {
    id: p.string().primary(),
    policyId: p.string(),
    projectId: p.string(),
    createdAt: p.datetime(3),
  },
});

export const PolicySampleEntity = defineEntity({
  name: 'PolicySample',
  tableName: 'policy_sample',
  properties: {
    id: p.string().primary(),
    policyId: p.string(),
    outcome: p.string(),
    input: p.blob().$type<Uint8Array>(),
    result: p.blob().$type<Uint8Array>(),
    body: p.text(),
    createdAt: p.datetime(3),
  },
});
