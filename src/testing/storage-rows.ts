import { newUser } from '../domain/people/invitations.ts';
import { newUlid } from '../shared/ids.ts';
import type { AuditRow } from '../storage/audit.ts';
import type { ChangeSetRow } from '../storage/change-sets.ts';
import type { OperationRow } from '../storage/operations.ts';
import type { PolicyRow } from '../storage/policies.ts';
import type { ProjectRow } from '../storage/projects.ts';
import type { ResourceRow } from '../storage/resources.ts';
import type { UserRow } from '../storage/people.ts';
import type { SpaceRow } from '../storage/spaces.ts';

/** Any moment will do; tests that care give their own. */
export const noon = new Date('2026-06-01T12:00:00.000Z');

/** So many minutes after it. */
export const later = (minutes: number): Date => new Date(noon.getTime() + minutes * 60_000);

export function aSpace(changes: Partial<SpaceRow> = {}): SpaceRow {
  return {
    id: 'root',
    name: 'Root',
    description: '',
    parentSpace: undefined,
    inheritEntities: false,
    labels: [],
    createdAt: noon,
    ...changes,
  };
}

export function aProject(changes: Partial<ProjectRow> = {}): ProjectRow {
  return {
    id: 'starter',
    name: 'Starter',
    description: '',
    labels: [],
    space: 'root',
    state: 'ENABLED',
    confirmation: 'TOKEN',
    createdAt: noon,
    createdBy: 'tests',
    lockHolder: undefined,
    lockHolderName: undefined,
    lockUntil: undefined,
    fence: 0,
    lockSince: undefined,
    lockSelected: false,
    ...changes,
  };
}

export function aPolicy(changes: Partial<PolicyRow> = {}): PolicyRow {
  const id = newUlid();
  return {
    id,
    name: `policy ${id}`,
    description: '',
    labels: [],
    space: 'root',
    type: 'INTENT',
    engineType: 'REGO_V1',
    body: 'package spacelift',
    enabled: true,
    wasm: undefined,
    wasmSha256: undefined,
    rules: [],
    createdAt: noon,
    updatedAt: noon,
    ...changes,
  };
}

export function aResource(changes: Partial<ResourceRow> = {}): ResourceRow {
  return {
    id: newUlid(),
    project: 'starter',
    resourceId: 'pet',
    provider: 'sluice/sandbox',
    version: '1.0.0',
    type: 'sandbox_pet',
    schemaVersion: 0,
    config: Buffer.from('config'),
    state: Buffer.from('state'),
    private: undefined,
    providerAlias: undefined,
    condition: 'OK',
    drift: undefined,
    driftBase: undefined,
    createdAt: noon,
    updatedAt: noon,
    lastOperationId: undefined,
    ...changes,
  };
}

export function anOperation(changes: Partial<OperationRow> = {}): OperationRow {
  return {
    id: newUlid(),
    project: 'starter',
    resourceId: 'pet',
    kind: 'CREATE',
    status: 'QUEUED',
    provider: 'sluice/sandbox',
    version: '1.0.0',
    type: 'sandbox_pet',
    request: undefined,
    prior: undefined,
    plan: undefined,
    planDigest: undefined,
    result: undefined,
    diagnostics: undefined,
    decision: undefined,
    failure: undefined,
    confirmationHash: undefined,
    confirmationUntil: undefined,
    review: undefined,
    session: 'session',
    principalId: 'principal',
    principalName: 'tests',
    principalKind: 'USER',
    via: 'GRAPHQL',
    client: undefined,
    fence: 0,
    leaseUntil: undefined,
    createdAt: noon,
    updatedAt: noon,
    finishedAt: undefined,
    changeSet: undefined,
    changePosition: undefined,
    cancelRequestedAt: undefined,
    ...changes,
  };
}

export function anAuditEntry(changes: Partial<AuditRow> = {}): AuditRow {
  return {
    id: newUlid(),
    seq: undefined,
    at: noon,
    account: 'local',
    eventType: 'MUTATION',
    action: 'space.create',
    actor: 'api_key::admin',
    actorRoles: [],
    space: undefined,
    affectedType: 'SPACE',
    affectedId: 'root',
    relatedType: undefined,
    relatedId: undefined,
    data: {},
    remoteAddress: undefined,
    prevHash: undefined,
    hash: undefined,
    ...changes,
  };
}

/** Somebody who cannot sign in yet. */
export function aUser(username: string, createdAt = noon): UserRow {
  return newUser(username, createdAt);
}

export function aChangeSet(changes: Partial<ChangeSetRow> = {}): ChangeSetRow {
  return {
    id: newUlid(),
    project: 'starter',
    status: 'APPLYING',
    request: undefined,
    planDigest: undefined,
    approvedDigest: undefined,
    destructive: false,
    failure: undefined,
    confirmationHash: undefined,
    confirmationUntil: undefined,
    review: undefined,
    session: 'session',
    principalId: 'principal',
    principalName: 'tests',
    via: 'GRAPHQL',
    client: undefined,
    fence: 0,
    leaseUntil: undefined,
    createdAt: noon,
    updatedAt: noon,
    finishedAt: undefined,
    cancelRequestedAt: undefined,
    ...changes,
  };
}
