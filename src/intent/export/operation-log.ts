import type { Request } from '../../domain/context.ts';
import { badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { findOperations, type OperationRow } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { shownRequest } from '../journal/shown-request.ts';
import { readRequest, type Shown, type StoredRequest } from '../journal/stored.ts';
import { formatPath } from '../../shared/problems.ts';
import { redactJson } from '../plan/redact-json.ts';
import { loadType } from '../provider/load-type.ts';

type Maybe<T> = T | null | undefined;

export interface LogInput {
  readonly intentProject: string;
  readonly resourceID?: Maybe<string>;
  /** Id of the last operation that the caller has. */
  readonly after?: Maybe<string>;
  readonly limit?: Maybe<number>;
}

/** What was done, oldest first: one JSON object a line. */
export interface OperationLog {
  readonly lines: string;
  readonly count: number;
  /** What to give as `after` for the next lines; null at the end. */
  readonly cursor: string | null;
}

const MAX_LINES = 1_000;

/**
 * The operations that came to a good end, with what each was asked, in the order in which they were asked: done again in
 * this order they lead to the same resources. Secrets are null and their paths are listed.
 */
export async function operationLog(engine: Engine, request: Request, input: LogInput): Promise<OperationLog> {
  const limit = input.limit ?? MAX_LINES;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LINES) {
    throw badInput('limit', `must be a whole number from 1 to ${MAX_LINES}`);
  }
  const { intentProject: project, resourceID, after } = input;
  const where = {
    project,
    status: 'FINISHED' as const,
    kind: { $ne: 'READ' as const },
    ...(typeof resourceID === 'string' ? { resourceId: resourceID } : {}),
    ...(typeof after === 'string' ? { id: { $gt: after } } : {}),
  };
  const page = { limit: limit + 1, oldestFirst: true };
  const rows = await engine.domain.storage.read((db) => findOperations(db, where, page));
  const shown = rows.slice(0, limit);
  const lines: string[] = [];
  for (const row of shown) lines.push(`${JSON.stringify(await entryOf(engine, request, row))}\n`);
  const last = shown.at(-1)?.id ?? null;
  return { lines: lines.join(''), count: shown.length, cursor: rows.length > limit ? last : null };
}

async function entryOf(engine: Engine, request: Request, row: OperationRow): Promise<Json> {
  const asked = readRequest(row.request);
  const { importID, importIdentity, providerAlias, rollbackOf } = asked;
  const shown = await shownConfig(engine, request, row, asked);
  return {
    id: row.id,
    at: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    user: row.principalName,
    kind: row.kind,
    resourceID: row.resourceId,
    provider: row.provider,
    version: row.version,
    type: row.type,
    providerAlias: providerAlias ?? null,
    importID: importID ?? null,
    importIdentity: importIdentity ?? null,
    rollbackOf: rollbackOf ?? null,
    config: shown.value,
    redacted: [...shown.redacted],
  };
}

/** Of an operation of old it is not stored which arguments are secret: then only the schema says. */
async function shownConfig(
  engine: Engine,
  request: Request,
  { provider, version, type }: OperationRow,
  asked: StoredRequest,
): Promise<Shown> {
  const { config, hidden, withheld = [] } = asked;
  if (config === undefined || hidden !== undefined) return shownRequest(asked);
  try {
    const { schema } = await loadType(engine.domain, request, { provider, version, type, kind: 'RESOURCE' });
    const { value, paths } = redactJson(schema.block, config);
    return { value, redacted: [...paths, ...withheld.map(formatPath)] };
  } catch (error) {
    engine.domain.log.warn({ error, provider, version, type }, 'no schema to show a configuration by');
    return shownRequest(asked);
  }
}
