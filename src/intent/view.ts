import type {
  IntentConfirmationRequest,
  IntentDecision,
  IntentDiagnostic,
  IntentDrift,
  IntentOperation,
  IntentPlan,
  IntentResource,
  IntentReview,
} from '../../generated/resolvers.ts';
import { unixSeconds } from '../shared/clock.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { formatPath } from '../shared/problems.ts';
import type { OperationRow } from '../storage/operations.ts';
import type { ResourceRow } from '../storage/resources.ts';
import { interruptedMessage } from './journal/interruption.ts';
import { textOf, textsOf } from './journal/json-fields.ts';
import { shownRequest } from './journal/shown-request.ts';
import { readIdentity, readPlan, readRequest, readResult, readShown } from './journal/stored.ts';

/** An operation as the API shows it; its journal and its resource are looked up by whoever asks for them. */
export type OperationView = Omit<IntentOperation, '__typename' | 'resource' | 'steps' | 'receipts' | 'state'> & {
  readonly state: Json;
};

/** A resource as the API shows it; its neighbours are looked up by whoever asks for them. */
export type ResourceView = Omit<IntentResource, '__typename' | 'dependencies' | 'dependents'>;

/** @param token for the one caller that made the operation wait for confirmation */
export function operationView(row: OperationRow, space: string, token?: string): OperationView {
  const result = readResult(row.result);
  const request = readRequest(row.request);
  const { importID, importIdentity, rollbackOf } = request;
  const config = shownRequest(request);
  return {
    id: row.id,
    intentProject: row.project,
    space,
    resourceID: row.resourceId === '' ? null : row.resourceId,
    kind: row.kind,
    status: row.status,
    verdict: verdictOf(row),
    outcome: outcomeOf(row),
    message: messageOf(row),
    provider: row.provider,
    version: row.version,
    type: row.type,
    changeSet: row.changeSet ?? null,
    config: config.value,
    providerAlias: request.providerAlias ?? null,
    importID: importID ?? null,
    importIdentity: importIdentity ?? null,
    rollbackOf: rollbackOf ?? null,
    plan: planView(row),
    decision: decisionView(row.decision),
    confirmation: confirmationView(row, token),
    review: reviewView(row.review),
    diagnostics: diagnosticsView(row.diagnostics),
    failure: row.failure ?? null,
    state: result?.state ?? null,
    redacted: [...new Set([...(result?.redacted ?? []), ...config.redacted])],
    user: row.principalName,
    userKind: row.principalKind,
    client: row.client ?? null,
    createdAt: unixSeconds(row.createdAt),
    updatedAt: unixSeconds(row.updatedAt),
    finishedAt: row.finishedAt === undefined ? null : unixSeconds(row.finishedAt),
    cancelRequestedAt: row.cancelRequestedAt === undefined ? null : unixSeconds(row.cancelRequestedAt),
  };
}

function verdictOf({ status }: OperationRow): string {
  if (status === 'FINISHED') return 'SUCCEEDED';
  return status === 'DENIED' || status === 'FAILED' || status === 'CANCELED' ? 'FAILED' : status;
}

function outcomeOf({ status, result }: OperationRow): string {
  if (status === 'FINISHED') return readResult(result)?.outcome ?? 'finished';
  return status === 'QUEUED' || status === 'PLANNING' || status === 'APPLYING' ? 'running' : status.toLowerCase();
}

function messageOf(row: OperationRow): string {
  const subject = `${row.type} ${JSON.stringify(row.resourceId)}`;
  switch (row.status) {
    case 'QUEUED':
      return row.leaseUntil === undefined && row.review !== undefined
        ? `The review let it through; resume operation ${row.id} to go on.`
        : `${subject} is queued; ask for operation ${row.id} again in a moment.`;
    case 'PLANNING':
    case 'APPLYING':
      return `${subject} ${row.cancelRequestedAt === undefined ? 'is being worked on' : 'was asked to stop and has not come to its end'}; ask for operation ${row.id} again in a moment.`;
    case 'PLANNED':
      return `${subject} is planned as part of change set ${row.changeSet ?? ''}; nothing has happened yet.`;
    case 'PENDING_REVIEW':
      return `No policy allows or denies it, so a person must review operation ${row.id}. Do not resume it before; ask for it now and then.`;
    case 'AWAITING_CONFIRMATION':
      return waitsMessage(row, subject);
    case 'DENIED':
      return `${subject}: ${row.failure ?? 'denied'}`;
    case 'FINISHED':
      return readResult(row.result)?.message ?? `${subject} is done.`;
    case 'INTERRUPTED':
      return `${subject}: ${interruptedMessage(row.failure, whole(row))}`;
    case 'FAILED':
    case 'CANCELED':
      return `${subject}: ${row.failure ?? row.status.toLowerCase()}`;
  }
}

function whole({ id, changeSet }: OperationRow): string {
  return changeSet === undefined ? `operation ${id}` : `change set ${changeSet}`;
}

function waitsMessage(row: OperationRow, subject: string): string {
  const what = `Nothing has happened yet: ${summaryOf(row, subject)}`;
  return row.confirmationHash === undefined
    ? `${what} A signed-in person must let operation ${row.id} through.`
    : `${what} To go on, send the same call again with the confirmation token.`;
}

function summaryOf(row: OperationRow, subject: string): string {
  if (row.kind === 'EJECT')
    return `${subject} would be forgotten; the object stays as it is and nobody manages it here.`;
  const plan = readPlan(row.plan)?.shown;
  if (plan?.action !== 'replace') return `${subject} would be destroyed.`;
  const because = plan.replacePaths.length === 0 ? '' : ` because of ${plan.replacePaths.join(', ')}`;
  return `${subject} would be destroyed and made anew${because}.`;
}

function confirmationView(row: OperationRow, token: string | undefined): IntentConfirmationRequest | null {
  if (token === undefined || row.confirmationUntil === undefined) return null;
  const summary = summaryOf(row, `${row.type} ${JSON.stringify(row.resourceId)}`);
  return { token, expiresAt: unixSeconds(row.confirmationUntil), summary };
}

function planView({ plan, planDigest }: OperationRow): IntentPlan | null {
  const stored = readPlan(plan);
  return stored === undefined ? null : { ...stored.shown, digest: planDigest ?? '' };
}

export function decisionView(decision: Json | undefined): IntentDecision | null {
  if (!isJsonObject(decision)) return null;
  return {
    outcome: textOf(decision, 'outcome'),
    allow: textsOf(decision, 'allow'),
    deny: textsOf(decision, 'deny'),
    policies: textsOf(decision, 'policies'),
  };
}

export function reviewView(review: Json | undefined): IntentReview | null {
  if (!isJsonObject(review)) return null;
  return {
    author: textOf(review, 'author'),
    decision: review['decision'] === 'ALLOW' ? 'ALLOW' : 'DENY',
    note: typeof review['note'] === 'string' ? review['note'] : null,
    timestamp: Number(review['timestamp'] ?? 0),
  };
}

function diagnosticsView(diagnostics: Json | undefined): IntentDiagnostic[] {
  if (!Array.isArray(diagnostics)) return [];
  return diagnostics.filter(isJsonObject).map((each) => ({
    severity: textOf(each, 'severity'),
    summary: textOf(each, 'summary'),
    detail: textOf(each, 'detail'),
    path: formatPath(stepsOf(each['path'])),
  }));
}

function stepsOf(path: Json | undefined): (string | number)[] {
  return Array.isArray(path) ? path.filter((step: Json) => typeof step === 'string' || typeof step === 'number') : [];
}

function driftView(drift: Json | undefined): IntentDrift | null {
  if (!isJsonObject(drift)) return null;
  return { paths: textsOf(drift, 'paths'), since: Number(drift['since'] ?? 0), operation: textOf(drift, 'operation') };
}

export function resourceView(row: ResourceRow, space: string): ResourceView {
  const state = readShown(row.state);
  const config = readShown(row.config);
  return {
    id: row.id,
    intentProject: row.project,
    space,
    resourceID: row.resourceId,
    provider: row.provider,
    providerAlias: row.providerAlias ?? null,
    version: row.version,
    type: row.type,
    condition: row.condition,
    drift: driftView(row.drift),
    config: config.value,
    state: state.value,
    identity: readIdentity(row.state),
    redacted: [...new Set([...state.redacted, ...config.redacted])],
    createdAt: unixSeconds(row.createdAt),
    updatedAt: unixSeconds(row.updatedAt),
  };
}
