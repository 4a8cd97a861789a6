import type { IntentDataSourceResult, IntentDecision, IntentResourceDependencies } from '../../generated/resolvers.ts';
import type {
  IntentOperationStep,
  IntentReceipt,
  IntentResourceDependency,
  IntentTimeline,
} from '../../generated/resolvers.ts';
import type { DomainContext, Request } from '../domain/context.ts';
import { intentInputSchema } from '../policy/index.ts';
import { invariant } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { SearchInput } from '../storage/search.ts';
import { addDependency, type EdgeInput, findNeighbours, type NewEdgeInput, removeDependency } from './dependencies.ts';
import { type DryRunInput, dryRunPolicy } from './dry-run.ts';
import { defaultLimits, type Engine, type IntentLimits } from './engine.ts';
import { exportProject, type ExportInput, type ProjectExport } from './export/export-project.ts';
import { type LogInput, type OperationLog, operationLog } from './export/operation-log.ts';
import { LateAnswers } from './journal/late-answers.ts';
import { RunningOperations } from './journal/running-operations.ts';
import { startSweeping, type Sweeper } from './journal/start-sweeping.ts';
import { type AnsweredSet, applyChangeSet, type ApplyChangeSetInput } from './change-sets/apply-change-set.ts';
import { cancelChangeSet, type ChangeSetName } from './change-sets/cancel-change-set.ts';
import { resumeChangeSet, type ResumeChangeSetInput } from './change-sets/resume-change-set.ts';
import { reviewChangeSet, type ReviewChangeSetInput } from './change-sets/review-change-set.ts';
import {
  changeSetView,
  findChanges,
  type ChangeSetPage,
  type ChangeSetView,
  type ChangeView,
  findChangeSetView,
  listChangeSets,
} from './change-sets/change-set-view.ts';
import { createChangeSet, type CreateChangeSetInput } from './change-sets/create-change-set.ts';
import { cancelOperation } from './operations/cancel-operation.ts';
import { hearOfStops } from './operations/stop-work.ts';
import { parseAsk, type AskInput } from './operations/parse-ask.ts';
import { resumeOperation } from './operations/resume-operation.ts';
import { type ReviewInput, reviewOperation } from './operations/review-operation.ts';
import { rollBack, type RollbackInput } from './operations/roll-back.ts';
import { startOperation } from './operations/start-operation.ts';
import {
  type CountedPage,
  findDependenciesOf,
  findJournal,
  findOperationView,
  findResourceView,
  findTimeline,
  listOperations,
  listResources,
  type OperationList,
  type OperationListInput,
  searchOperationViews,
  searchResourceViews,
  spaceOf,
  type TimelineInput,
} from './queries.ts';
import {
  deleteProviderConfig,
  listProviderConfigs,
  type ProviderConfigInput,
  type ProviderConfigName,
  type ProviderConfigView,
  setProviderConfig,
} from './provider-configs/provider-configs.ts';
import { type DataSourceInput, readDataSource } from './read-data-source.ts';
import { refreshProject, type RefreshedProject, type RefreshProjectInput } from './refresh/refresh-project.ts';
import { findReceipts } from './receipts.ts';
import { newRun, type Run } from './run.ts';
import { operationView, type OperationView, type ResourceView } from './view.ts';

type Maybe<T> = T | null | undefined;

interface InProject {
  readonly intentProject: string;
}

interface OfResource extends InProject {
  readonly resourceID: string;
}

interface OfOperation extends InProject {
  readonly operationID: string;
}

interface Waiting {
  /** Seconds to wait for the end: 0 to 50, 50 when absent. The operation goes on afterwards. */
  readonly wait?: Maybe<number>;
  /** Seconds to wait in line for the project's lock: 0 to 50, 0 when absent. */
  readonly lockWait?: Maybe<number>;
}

interface Confirming extends Waiting {
  /** One-time token of the operation that this call made wait. */
  readonly confirmation?: Maybe<string>;
}

interface OfNewType {
  readonly provider: string;
  readonly type: string;
  readonly version?: Maybe<string>;
  readonly providerAlias?: Maybe<string>;
}

/**
 * Changes of infrastructure, one resource at a time: planned by its provider, judged by policy, confirmed where something
 * is destroyed, written down before it is done, and recorded. Whoever calls has seen to the caller's rights.
 *
 * Changes answer with the operation, also when it waits for a person or goes on in the background. They throw
 * POLICY_DENIED with every reason, PROVIDER_REFUSED or PROVIDER_FAILED with what the provider said, PLAN_CHANGED,
 * CONFIRMATION_REQUIRED, PROJECT_LOCKED, CONFLICT, BAD_INPUT and NO_SUCH.
 */
export interface Intent {
  createResource(
    request: Request,
    input: OfResource & OfNewType & Confirming & { readonly config: Json },
  ): Promise<OperationView>;
  updateResource(request: Request, input: OfResource & Confirming & { readonly config: Json }): Promise<OperationView>;
  deleteResource(request: Request, input: OfResource & Confirming): Promise<OperationView>;
  importResource(
    request: Request,
    input: OfResource &
      OfNewType &
      Waiting & { readonly importID?: Maybe<string>; readonly importIdentity?: Maybe<Json> },
  ): Promise<OperationView>;
  refreshResource(request: Request, input: OfResource & Waiting): Promise<OperationView>;
  /** Reads the resources of a project again, as many as it can in its time. */
  refreshProject(request: Request, input: RefreshProjectInput): Promise<RefreshedProject>;
  ejectResource(request: Request, input: OfResource & Confirming): Promise<OperationView>;
  resumeOperation(request: Request, input: OfOperation & Waiting): Promise<OperationView>;
  rollbackOperation(request: Request, input: RollbackInput): Promise<OperationView>;
  cancelOperation(request: Request, input: OfOperation): Promise<OperationView>;
  reviewOperation(request: Request, input: ReviewInput): Promise<OperationView>;
  /** Plans many changes together. Throws while the caller waits as single operations do; the details name the set. */
  createChangeSet(request: Request, input: CreateChangeSetInput): Promise<ChangeSetView>;
  applyChangeSet(request: Request, input: ApplyChangeSetInput): Promise<ChangeSetView>;
  resumeChangeSet(request: Request, input: ResumeChangeSetInput): Promise<ChangeSetView>;
  cancelChangeSet(request: Request, input: ChangeSetName): Promise<ChangeSetView>;
  reviewChangeSet(request: Request, input: ReviewChangeSetInput): Promise<ChangeSetView>;
  addDependency(request: Request, input: NewEdgeInput): Promise<IntentResourceDependency>;
  removeDependency(request: Request, input: EdgeInput): Promise<IntentResourceDependency>;
  readDataSource(request: Request, input: DataSourceInput): Promise<IntentDataSourceResult>;
  dryRunPolicy(request: Request, input: DryRunInput): Promise<IntentDecision>;
  policyInputSchema(): Json;
  exportProject(request: Request, input: ExportInput): Promise<ProjectExport>;
  operationLog(request: Request, input: LogInput): Promise<OperationLog>;
  setProviderConfig(request: Request, input: ProviderConfigInput): Promise<ProviderConfigView>;
  deleteProviderConfig(request: Request, input: ProviderConfigName): Promise<ProviderConfigView>;
  providerConfigsOf(project: string): Promise<ProviderConfigView[]>;

  findResource(request: Request, input: OfResource): Promise<ResourceView | null>;
  listResources(request: Request, input: InProject): Promise<{ resources: ResourceView[]; count: number }>;
  searchResources(
    request: Request,
    input: InProject & { readonly input: SearchInput },
  ): Promise<CountedPage<ResourceView>>;
  findOperation(request: Request, input: InProject & { readonly id: string }): Promise<OperationView | null>;
  listOperations(request: Request, input: OperationListInput): Promise<OperationList>;
  searchOperations(
    request: Request,
    input: InProject & { readonly input: SearchInput },
  ): Promise<CountedPage<OperationView>>;
  findChangeSet(request: Request, input: InProject & { readonly id: string }): Promise<ChangeSetView | null>;
  listChangeSets(
    request: Request,
    input: InProject & { readonly page?: Maybe<number>; readonly pageSize?: Maybe<number> },
  ): Promise<ChangeSetPage>;
  /** The changes of a set, each with the operation that it is. */
  changesOf(changeSet: ChangeSetView): Promise<ChangeView[]>;
  timeline(request: Request, input: TimelineInput): Promise<IntentTimeline>;
  findDependencies(
    request: Request,
    input: OfResource & { readonly direction?: Maybe<'DEPENDENCIES' | 'DEPENDENTS' | 'BOTH'> },
  ): Promise<IntentResourceDependencies | null>;
  /** The journal of an operation. */
  stepsOf(operation: Pick<OperationView, 'id'>): Promise<IntentOperationStep[]>;
  /** What the audit trail has on each of these operations. */
  receiptsOf(project: string, operations: readonly string[]): Promise<IntentReceipt[][]>;
  /** The resource of an operation as it is now. */
  resourceOf(operation: Pick<OperationView, 'intentProject' | 'resourceID'>): Promise<ResourceView | null>;
  neighboursOf(
    resource: Pick<ResourceView, 'intentProject' | 'resourceID'>,
    direction: 'DEPENDENCIES' | 'DEPENDENTS',
  ): Promise<IntentResourceDependency[]>;

  /** Finds what a server that is gone has left behind, and goes on looking until `close`. */
  recover(): Promise<void>;
  /** Waits for operations that run, but no longer than this. */
  close(timeoutMs?: number): Promise<void>;
}

export interface IntentOptions {
  readonly limits?: Partial<IntentLimits>;
  /** Called before each step. Whatever it throws stops the engine dead, as a power cut would. */
  readonly beforeStep?: Engine['beforeStep'];
}

const CLOSE_TIMEOUT_MS = 20_000;

export function createIntent(domain: DomainContext, options: IntentOptions = {}): Intent {
  const limits = { ...defaultLimits, ...options.limits };
  const engine: Engine = {
    domain,
    limits,
    running: new RunningOperations(domain, limits),
    late: new LateAnswers(),
    beforeStep: options.beforeStep ?? (() => Promise.resolve()),
  };
  let sweeper: Sweeper | undefined;
  let stopHearing: (() => Promise<void>) | undefined;
  return {
    ...changesOf(engine),
    ...queriesOf(engine),
    async recover() {
      stopHearing ??= await hearOfStops(engine);
      sweeper ??= await startSweeping(engine);
    },
    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      await Promise.all([sweeper?.stop(), stopHearing?.()]);
      await engine.running.drain(timeoutMs);
    },
  };
}

type Changes = 'createResource' | 'updateResource' | 'deleteResource' | 'importResource' | 'refreshResource';
type Followups = 'ejectResource' | 'resumeOperation' | 'rollbackOperation' | 'cancelOperation' | 'reviewOperation';
type Others =
  | 'refreshProject'
  | 'createChangeSet'
  | 'applyChangeSet'
  | 'resumeChangeSet'
  | 'cancelChangeSet'
  | 'reviewChangeSet'
  | 'addDependency'
  | 'removeDependency'
  | 'readDataSource'
  | 'dryRunPolicy'
  | 'policyInputSchema'
  | 'exportProject'
  | 'operationLog'
  | 'setProviderConfig'
  | 'deleteProviderConfig'
  | 'providerConfigsOf';

function changesOf(engine: Engine): Pick<Intent, Changes | Followups | Others> {
  const start = (kind: AskInput['kind']) => async (request: Request, input: Omit<AskInput, 'kind'>) => {
    const run = newRun(engine, request, parseAsk({ ...input, kind }));
    return answer(await startOperation(run, input));
  };
  return {
    createResource: start('CREATE'),
    updateResource: start('UPDATE'),
    deleteResource: start('DELETE'),
    importResource: start('IMPORT'),
    refreshResource: start('REFRESH'),
    ejectResource: start('EJECT'),
    resumeOperation: async (request, input) => answer(await resumeOperation(engine, request, input)),
    rollbackOperation: async (request, input) => answer(await rollBack(engine, request, input)),
    cancelOperation: async (request, input) => show(engine, await cancelOperation(engine, request, input)),
    reviewOperation: async (request, input) => show(engine, await reviewOperation(engine, request, input)),
    createChangeSet: async (request, input) => showSet(engine, { set: await createChangeSet(engine, request, input) }),
    applyChangeSet: async (request, input) => showSet(engine, await applyChangeSet(engine, request, input)),
    resumeChangeSet: async (request, input) => showSet(engine, { set: await resumeChangeSet(engine, request, input) }),
    cancelChangeSet: async (request, input) => showSet(engine, { set: await cancelChangeSet(engine, request, input) }),
    reviewChangeSet: async (request, input) => showSet(engine, { set: await reviewChangeSet(engine, request, input) }),
    refreshProject: (request, input) => refreshProject(engine, request, input),
    addDependency: (request, input) => addDependency(engine, request, input),
    removeDependency: (request, input) => removeDependency(engine, request, input),
    readDataSource: (request, input) => readDataSource(engine, request, input),
    dryRunPolicy: (request, input) => dryRunPolicy(engine, request, input),
    policyInputSchema: () => intentInputSchema,
    exportProject: (request, input) => exportProject(engine, request, input),
    operationLog: (request, input) => operationLog(engine, request, input),
    setProviderConfig: (request, input) => setProviderConfig(engine, request, input),
    deleteProviderConfig: (request, input) => deleteProviderConfig(engine, request, input),
    providerConfigsOf: (project) => listProviderConfigs(engine, project),
  };
}

function queriesOf(engine: Engine): Omit<Intent, Changes | Followups | Others | 'recover' | 'close'> {
  return {
    findResource: (_request, { intentProject, resourceID }) => findResourceView(engine, intentProject, resourceID),
    listResources: (_request, { intentProject }) => listResources(engine, intentProject),
    searchResources: (_request, { intentProject, input }) => searchResourceViews(engine, intentProject, input),
    findOperation: (_request, { intentProject, id }) => findOperationView(engine, intentProject, id),
    listOperations: (_request, input) => listOperations(engine, input),
    searchOperations: (_request, { intentProject, input }) => searchOperationViews(engine, intentProject, input),
    findChangeSet: (_request, { intentProject, id }) => findChangeSetView(engine, intentProject, id),
    listChangeSets: (_request, { intentProject, ...page }) => listChangeSets(engine, intentProject, page),
    changesOf: (changeSet) => findChanges(engine, changeSet),
    timeline: (_request, input) => findTimeline(engine, input),
    findDependencies: (_request, input) => findNeighbours(engine, input),
    receiptsOf: (project, operations) => findReceipts(engine, project, operations),
    stepsOf: ({ id }) => findJournal(engine, id),
    resourceOf: ({ intentProject, resourceID }) =>
      typeof resourceID === 'string' ? findResourceView(engine, intentProject, resourceID) : Promise.resolve(null),
    neighboursOf: (resource, direction) => findDependenciesOf(engine, resource, direction),
  };
}

function answer({ facts, token }: Run): OperationView {
  const { operation, project } = facts;
  invariant(operation !== undefined && project !== undefined, 'an operation that was started is written down');
  return operationView(operation, project.space, token);
}

async function show(engine: Engine, row: Parameters<typeof operationView>[0]): Promise<OperationView> {
  const space = await engine.domain.storage.read((db) => spaceOf(db, row.project));
  return operationView(row, space);
}

async function showSet(
  engine: Engine,
  { set, asked }: Partial<AnsweredSet> & Pick<AnsweredSet, 'set'>,
): Promise<ChangeSetView> {
  const space = await engine.domain.storage.read((db) => spaceOf(db, set.project));
  return changeSetView(set, space, asked);
}
