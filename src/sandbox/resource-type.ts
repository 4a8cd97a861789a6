import type { Problem } from '../shared/problems.ts';
import type { CtyType, Value, ValueMap } from '../providers/index.ts';

/** One attribute of a resource, a data source or the provider's configuration. */
export interface Attribute {
  readonly name: string;
  readonly type: CtyType;
  /** `given`: only the user sets it; `computed`: only the provider; `defaulted`: the provider, when the user does not. */
  readonly from: 'given' | 'computed' | 'defaulted';
  readonly required?: boolean;
  readonly sensitive?: boolean;
  /** Value of a `defaulted` attribute. */
  readonly fallback?: Value;
  /** A change makes a new object. */
  readonly replaces?: boolean;
  /** A computed value that an update in place keeps. */
  readonly stable?: boolean;
  readonly description: string;
}

/** What an operation on an object gives: the object as it now is (null: gone) and what went wrong. */
export interface Outcome {
  readonly state: ValueMap | null;
  readonly problems: readonly Problem[];
}

/** What every resource type and data source offers. Values come wholly typed; `validate` may meet unknown ones. */
export interface Described {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly attributes: readonly Attribute[];
  validate(config: ValueMap): readonly Problem[];
}

/** Where files live. */
export interface SandboxContext {
  /** Folder that files may not leave. */
  readonly root: string;
  /** Whether it is ours to make: a root that somebody names has to exist, or a lost mount would look like lost files. */
  readonly makesRoot: boolean;
}

export interface ResourceType extends Described {
  create(planned: ValueMap, context: SandboxContext): Promise<Outcome>;
  /** Absent for types whose every change makes a new object. */
  update?(planned: ValueMap, prior: ValueMap, context: SandboxContext): Promise<Outcome>;
  read(state: ValueMap, context: SandboxContext): Promise<Outcome>;
  delete(state: ValueMap, context: SandboxContext): Promise<readonly Problem[]>;
  import(id: string, context: SandboxContext): Promise<Outcome>;
  /** Rewrites the JSON object of an older schema version; absent for types that never changed. */
  upgrade?(version: number, state: Record<string, unknown>): Record<string, unknown>;
}

export interface DataSource extends Described {
  read(config: ValueMap, context: SandboxContext): Promise<Outcome>;
}

/** An error that names the attribute at fault. */
export function problemAt(attribute: string, summary: string, detail: string): Problem {
  return { severity: 'error', summary, detail, path: [attribute] };
}
