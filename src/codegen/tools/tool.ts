import type { OperationTypeNode } from 'graphql';

import type { Scope } from '../access/requirement.ts';

export type Endpoint = 'MAIN' | 'INTENT';

/** The part of JSON Schema that tool inputs and results use. Inputs are objects without combinators or references. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

export interface ToolVariable {
  readonly name: string;
  /** GraphQL type, such as `ID!`. */
  readonly type: string;
  /** Whether the caller must give it; the project never is, the session knows it. */
  readonly required: boolean;
  readonly schema: JsonSchema;
  /** Name in GraphQL of the argument that it feeds, where that is another one. */
  readonly argument?: string;
  /** Tools spell enum values in lower case: the server turns them to upper case. */
  readonly enum?: true;
  /** Tools spell keys of input objects in snake case: the tool's key -> the key in GraphQL, nested objects included. */
  readonly input?: Readonly<Record<string, string>>;
  /** Tools spell enum values in lower case, in input objects too: the keys that hold one. */
  readonly words?: readonly string[];
}

/** One operation: a whole tool, or one kind of a tool. */
export interface ToolKind {
  readonly kind: string | null;
  readonly description: string;
  /** Self-contained document; null when the caller's own takes its place. */
  readonly document: string | null;
  readonly operation: OperationTypeNode;
  readonly rootField: string;
  /** The one key of the result; null when the keys of the root field's object are the result. */
  readonly resultKey: string | null;
  readonly variables: readonly ToolVariable[];
  readonly scopes: readonly (readonly Scope[])[];
  /** The variable that the session's current project stands in for; null when there is none. */
  readonly projectVariable: string | null;
  /** Exactly what this kind takes. */
  readonly inputSchema: JsonSchema;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly openWorld: boolean;
  readonly result: JsonSchema | undefined;
}

export interface Tool {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope;
  readonly kinds: readonly ToolKind[];
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema | undefined;
}
