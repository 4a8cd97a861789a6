import type { Request } from '../domain/context.ts';
import type { IntentDecision } from '../policy/index.ts';
import type { Value } from '../providers/index.ts';
import { invariant } from '../shared/errors.ts';
import { newUlid } from '../shared/ids.ts';
import type { Json } from '../shared/json.ts';
import type { Problem } from '../shared/problems.ts';
import type { DependencyRow } from '../storage/dependencies.ts';
import type { JournalStep, OperationKind, OperationRow } from '../storage/operations.ts';
import type { ProjectRow } from '../storage/projects.ts';
import type { ResourceRow } from '../storage/resources.ts';
import type { Engine } from './engine.ts';
import type { Writer } from './journal/group-writer.ts';
import type { ShownPlan } from './journal/stored.ts';
import type { Background } from './judgement/judge.ts';
import type { LoadedType } from './provider/loaded-type.ts';
import type { KnownObject, PlannedChange } from './provider/plan-change.ts';

/** What a caller asks for, checked for form. */
export interface Ask {
  readonly kind: OperationKind;
  readonly project: string;
  readonly resourceID: string;
  readonly provider?: string | undefined;
  readonly type?: string | undefined;
  readonly version?: string | undefined;
  /** Which of the provider's configurations in the project; none for the one without a name. */
  readonly providerAlias?: string | undefined;
  readonly config?: Json | undefined;
  readonly importID?: string | undefined;
  readonly importIdentity?: Json | undefined;
  /** The earlier operation whose configuration is asked for again. */
  readonly rollbackOf?: string | undefined;
  /** One-time token of an operation that waits for confirmation. */
  readonly confirmation?: string | undefined;
}

/** What the steps find out, each building on what the ones before it found. */
export interface Facts {
  /** As it was when its lock was taken: its fence is the right to write. */
  project: ProjectRow;
  resource: ResourceRow;
  loaded: LoadedType;
  /** The configuration as a value, null for operations without one. */
  config: Value;
  operation: OperationRow;
  /** The object as the provider last knew it. */
  prior: KnownObject;
  change: Change;
  decision: Decision;
  outcome: Outcome;
  /** What the object needs by its references: recorded with it. */
  edges: readonly DependencyRow[];
  /** What it needs by references no more: forgotten with it. */
  letGo: readonly string[];
}

/** A plan with what is shown of it and what it is known by. */
export interface Change {
  readonly planned: PlannedChange;
  readonly shown: ShownPlan;
  readonly salt: string;
  readonly digest: string;
}

export interface Decision extends Omit<IntentDecision, 'sample'> {
  /** Names of the policies that were asked. */
  readonly policies: readonly string[];
}

/** What changed outside. */
export interface Drift {
  readonly paths: readonly string[];
  /** Unix seconds at which it was first found, and the refresh that found it. */
  readonly since: number;
  readonly operation: string;
  /** The recorded state that it is a difference from. */
  readonly base: Uint8Array;
}

/** What came of it: what is to be recorded. */
export interface Outcome {
  /** Null value: there is no object any more. */
  readonly object: KnownObject;
  readonly condition: ResourceRow['condition'];
  /** Of a refresh: what changed outside since the last change made here. */
  readonly drift?: Drift | undefined;
  /** One word for assistants. */
  readonly word: string;
  readonly message: string;
  readonly failure: string | undefined;
}

/** Journal lines and changes that wait for the next move. None of them matters if the server dies before it. */
export interface Unwritten {
  journal: JournalStep[];
  changes: Partial<OperationRow>;
}

/** What is begun before the step that it is for, while something else is waited for. Nothing in it acts. */
export interface Begun {
  plan?: Promise<PlannedChange>;
  background?: { readonly at: Date; readonly read: Promise<Background> };
}

/** One operation on its way through its steps. */
export interface Run {
  readonly engine: Engine;
  readonly request: Request;
  readonly ask: Ask;
  /** The operation's id, if it is a new one. */
  readonly newId: string;
  readonly facts: Partial<Facts>;
  readonly begun: Begun;
  readonly problems: Problem[];
  /** What later steps write along with their own: one statement less for each. */
  readonly unwritten: Unwritten;
  /** Writes its moves together with those of others; each by itself when there is none. */
  readonly writer: Writer | undefined;
  /** Set where the operation must not go on: at its end, or until a person has spoken. */
  stopped: boolean;
  /** Why it failed; told to a caller that still waits. */
  error: Error | undefined;
  /** One-time token, for the one caller that made the operation wait. */
  token: string | undefined;
  /** The lock was waited for by this call: it is given back if nothing comes of it. */
  lockTaken: boolean;
}

export type Step = (run: Run) => Promise<void>;

export function newRun(engine: Engine, request: Request, ask: Ask, writer?: Writer): Run {
  return {
    engine,
    request,
    ask,
    newId: newUlid(),
    facts: {},
    begun: {},
    problems: [],
    unwritten: { journal: [], changes: {} },
    writer,
    stopped: false,
    error: undefined,
    token: undefined,
    lockTaken: false,
  };
}

/** Work that a later step waits for. If it fails that step says so; if that step is never taken nobody needs to know. */
export function begin<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** What an earlier step found out. A step that asks too early is a mistake in the list of steps. */
export function fact<Name extends keyof Facts>(run: Run, name: Name): Facts[Name] {
  const value: Facts[Name] | undefined = run.facts[name];
  invariant(value !== undefined, `the step that finds the ${name} comes first`);
  return value;
}
