import { defineEntity, p } from '@mikro-orm/core';

import type { Json } from '../../shared/json.ts';

export type OperationKind = 'CREATE' | 'UPDATE' | 'DELETE' | 'IMPORT' | 'REFRESH' | 'EJECT' | 'READ';

export type PrincipalKind = 'USER' | 'API_KEY' | 'SYSTEM';

export type OperationStatus =
  | 'QUEUED'
  | 'PLANNING'
  | 'PLANNED'
  | 'DENIED'
  | 'PENDING_REVIEW'
  | 'AWAITING_CONFIRMATION'
  | 'APPLYING'
  | 'FINISHED'
  | 'FAILED'
  | 'INTERRUPTED'
  | 'CANCELED';

export type ChangeSetStatus =
  | 'PLANNING'
  | 'DENIED'
  | 'PENDING_REVIEW'
  | 'PLANNED'
  | 'APPLYING'
  | 'FINISHED'
  | 'FAILED'
  | 'INTERRUPTED'
  | 'CANCELED';

export type ResourceCondition = 'OK' | 'TAINTED' | 'GONE' | 'INDETERMINATE';

export const ProjectEntity = defineEntity({
  name: 'Project',
  tableName: 'intent_project',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    description: p.string(),
    labels: p.array(),
    space: p.string(),
    state: p.string().$type<'ENABLED' | 'DISABLED'>(),
    confirmation: p.string().$type<'TOKEN' | 'PERSON' | 'OTHER_PERSON'>(),
    createdAt: p.datetime(3),
    createdBy: p.string(),
    lockHolder: p.string().nullable(),
    lockHolderName: p.string().nullable(),
    lockUntil: p.datetime(3).nullable(),
    fence: p.bigint('number'),
    lockSince: p.datetime(3).nullable(),
    lockSelected: p.boolean(),
  },
});

export const LockWaiterEntity = defineEntity({
  name: 'LockWaiter',
  tableName: 'project_lock_waiter',
  properties: {
    project: p.string().primary(),
    session: p.string().primary(),
    name: p.string(),
    place: p.bigint('number'),
    since: p.datetime(3),
    awakeUntil: p.datetime(3),
    keptUntil: p.datetime(3),
  },
});

export const ResourceEntity = defineEntity({
  name: 'Resource',
  tableName: 'intent_resource',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    resourceId: p.string(),
    provider: p.string(),
    version: p.string(),
    type: p.string(),
    schemaVersion: p.integer(),
    config: p.blob().$type<Uint8Array>().nullable(),
    state: p.blob().$type<Uint8Array>().nullable(),
    private: p.blob().$type<Uint8Array>().nullable(),
    providerAlias: p.string().nullable(),
    condition: p.string().$type<ResourceCondition>(),
    drift: p.json().$type<Json>().nullable(),
    driftBase: p.blob().$type<Uint8Array>().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    lastOperationId: p.string().nullable(),
  },
});

export const OperationEntity = defineEntity({
  name: 'Operation',
  tableName: 'intent_operation',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    resourceId: p.string(),
    kind: p.string().$type<OperationKind>(),
    status: p.string().$type<OperationStatus>(),
    provider: p.string(),
    version: p.string(),
    type: p.string(),
    request: p.blob().$type<Uint8Array>().nullable(),
    prior: p.blob().$type<Uint8Array>().nullable(),
    plan: p.blob().$type<Uint8Array>().nullable(),
    planDigest: p.string().nullable(),
    result: p.blob().$type<Uint8Array>().nullable(),
    diagnostics: p.json().$type<Json>().nullable(),
    decision: p.json().$type<Json>().nullable(),
    failure: p.text().nullable(),
    confirmationHash: p.string().nullable(),
    confirmationUntil: p.datetime(3).nullable(),
    review: p.json().$type<Json>().nullable(),
    session: p.string(),
    principalId: p.string(),
    principalName: p.string(),
    principalKind: p.string().$type<PrincipalKind>(),
    via: p.string(),
    client: p.string().nullable(),
    fence: p.bigint('number'),
    leaseUntil: p.datetime(3).nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    finishedAt: p.datetime(3).nullable(),
    changeSet: p.string().nullable(),
    changePosition: p.integer().nullable(),
    cancelRequestedAt: p.datetime(3).nullable(),
  },
});

export const ChangeSetEntity = defineEntity({
  name: 'ChangeSet',
  tableName: 'intent_change_set',
  properties: {
    id: p.string().primary(),
    project: p.string(),
    status: p.string().$type<ChangeSetStatus>(),
    request: p.blob().$type<Uint8Array>().nullable(),
    planDigest: p.string().nullable(),
    approvedDigest: p.string().nullable(),
    destructive: p.boolean(),
    failure: p.text().nullable(),
    confirmationHash: p.string().nullable(),
    confirmationUntil: p.datetime(3).nullable(),
    review: p.json().$type<Json>().nullable(),
    session: p.string(),
    principalId: p.string(),
    principalName: p.string(),
    via: p.string(),
    client: p.string().nullable(),
    fence: p.bigint('number'),
    leaseUntil: p.datetime(3).nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    finishedAt: p.datetime(3).nullable(),
    cancelRequestedAt: p.datetime(3).nullable(),
  },
});

export const OperationStepEntity = defineEntity({
  name: 'OperationStep',
  tableName: 'operation_step',
  properties: {
    operationId: p.string().primary(),
    seq: p.integer().primary(),
    step: p.string(),
    at: p.datetime(3),
    detail: p.json().$type<Json>().nullable(),
  },
});

export const DependencyEntity = defineEntity({
  name: 'Dependency',
  tableName: 'resource_dependency',
  properties: {
    project: p.string().primary(),
    fromResource: p.string().primary(),
    toResource: p.string().primary(),
    type: p.string(),
    explanation: p.string().nullable(),
    fieldMappings: p.json().$type<Json>(),
    createdAt: p.datetime(3),
  },
});
