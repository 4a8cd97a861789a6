import type { IntentDataSourceResult } from '../../generated/resolvers.ts';
import { recordAudit } from '../domain/audit/index.ts';
import type { Request } from '../domain/context.ts';
import { noSuch } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { findProject, type ProjectRow } from '../storage/projects.ts';
import type { Engine } from './engine.ts';
import { shownOf } from './journal/object-store.ts';
import type { ShownPlan } from './journal/stored.ts';
import { cannotWait, decidedAtOnce, denied } from './judgement/denied.ts';
import { judge } from './judgement/judge.ts';
import { checkConfig } from './provider/check-config.ts';
import { inProject } from './provider/in-project.ts';
import { loadType } from './provider/load-type.ts';
import type { LoadedType } from './provider/loaded-type.ts';
import { readDataSource as read } from './provider/read-object.ts';
import { parseAlias } from './provider-configs/parse-alias.ts';
import type { Decision } from './run.ts';

export interface DataSourceInput {
  readonly intentProject: string;
  readonly provider: string;
  readonly type: string;
  readonly version?: string | null | undefined;
  readonly providerAlias?: string | null | undefined;
  readonly config: Json;
}

const readPlan: ShownPlan = {
  action: 'read',
  before: null,
  after: null,
  afterUnknown: [],
  replacePaths: [],
  redacted: [],
};

/** Reads a data source. Policies judge it before the provider is asked; only the receipt is kept. */
export async function readDataSource(
  engine: Engine,
  request: Request,
  input: DataSourceInput,
): Promise<IntentDataSourceResult> {
  const { domain } = engine;
  const project = await domain.storage.read((db) => findProject(db, input.intentProject));
  if (project === undefined) throw noSuch('Intent project', input.intentProject);
  const { provider, type } = input;
  const alias = parseAlias(input.providerAlias, 'providerAlias');
  const name = { provider, version: input.version ?? undefined, type, kind: 'DATA_SOURCE' } as const;
  const loaded = await inProject(domain, await loadType(domain, request, name), project.id, alias);
  const { value } = await checkConfig(domain.executor, loaded, input.config, 'data source');
  await engine.beforeStep('judgeRead', undefined);
  const decision = await judgeRead(engine, request, project, loaded, input);
  await engine.beforeStep('recordRead', undefined);
  await recordRead(engine, request, project, loaded, decision);
  if (decision.outcome === 'DENIED') throw denied('read', decision.deny);
  await engine.beforeStep('read', undefined);
  const result = await read(domain.executor, loaded, value, { timeoutMs: engine.limits.callMs });
  const shown = shownOf(loaded, result);
  return {
    provider: loaded.binary.address,
    version: loaded.binary.version,
    type,
    result: shown.value,
    redacted: [...shown.redacted],
  };
}

async function judgeRead(
  { domain }: Engine,
  request: Request,
  project: ProjectRow,
  loaded: LoadedType,
  { type, config }: DataSourceInput,
): Promise<Decision> {
  const decision = await judge(domain, {
    kind: 'READ',
    resourceID: '',
    provider: loaded.binary.address,
    version: loaded.binary.version,
    type,
    config,
    schema: loaded.schema.block,
    plan: readPlan,
    project,
    request,
    operation: undefined,
  });
  return decidedAtOnce(decision, cannotWait.READ);
}

function recordRead(
  { domain }: Engine,
  request: Request,
  project: ProjectRow,
  { binary, type }: LoadedType,
  decision: Decision,
): Promise<void> {
  return domain.storage.transaction((db) =>
    recordAudit(db, domain, request, {
      action: 'intent-data-source.read',
      eventType: decision.outcome === 'ALLOWED' ? 'MUTATION' : 'REFUSAL',
      affected: { type: 'INTENT_DATA_SOURCE', id: type },
      related: { type: 'INTENT_PROJECT', id: project.id },
      data: { provider: binary.address, version: binary.version, decision: decision.outcome, deny: [...decision.deny] },
    }),
  );
}
