import { defineEntity, p } from '@mikro-orm/core';

export const AwsIntegrationEntity = defineEntity({
  name: 'AwsIntegration',
  tableName: 'aws_integration',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    roleArn: p.string(),
    externalId: p.string().nullable(),
    durationSeconds: p.integer(),
    labels: p.array<string>(),
    space: p.string(),
    region: p.string().nullable(),
    tagAssumeRole: p.boolean(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});

export const AwsAttachmentEntity = defineEntity({
  name: 'AwsAttachment',
  tableName: 'aws_integration_attachment',
  properties: {
    id: p.string().primary(),
    integration: p.string(),
    project: p.string(),
    region: p.string(),
    reads: p.boolean(),
    writes: p.boolean(),
    createdAt: p.datetime(3),
  },
});
