import type { Scope } from '../shared/caller.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

export type Endpoint = 'MAIN' | 'INTENT';

/** How a tool's argument becomes a GraphQL variable. */
export interface ToolVariable {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** Name in GraphQL of the argument that it feeds, where that is another one. */
  readonly argument?: string;
  /** An enum: lower case in the tool, upper case in GraphQL. */
  readonly enum?: boolean;
  /** An input object: its key in the tool -> its field in GraphQL. */
  readonly input?: Readonly<Record<string, string>>;
  /** Keys of an input object whose values are words of an enum. */
  readonly words?: readonly string[];
}

/** One operation: a whole tool, or what one value of `kind` does. */
export interface ToolKind {
  readonly kind: string | null;
  /** Null when the caller's own document runs. */
  readonly document: string | null;
  readonly operation: 'query' | 'mutation';
  readonly rootField: string;
  /** The one key of the result; null when the keys of the root field's object are the result. */
  readonly resultKey: string | null;
  readonly variables: readonly ToolVariable[];
  /** The variable that the session's current project stands in for; null when there is none. */
  readonly projectVariable: string | null;
}

export interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** One row of `generated/mcp.json`. */
export interface Tool {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations: ToolAnnotations;
  readonly scope: Scope;
  readonly kinds: readonly ToolKind[];
}

/** One complaint of a compiled argument check (ajv's form). */
export interface ArgumentProblem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** A check that `codegen` compiled for one tool and kind. */
export interface ArgumentCheck {
  (value: unknown): boolean;
  readonly errors?: readonly ArgumentProblem[] | null;
}

/** The checks of `generated/validators.js`, by endpoint, tool and kind: `MAIN intent create`, `INTENT state-get`. */
export type ArgumentChecks = Readonly<Record<string, ArgumentCheck>>;

/** Reads the text of `generated/mcp.json`. It is our own output: only its outline is checked. */
export function parseTools(text: string): readonly Tool[] {
  const parsed = JSON.parse(text) as Json;
  const tools = isJsonObject(parsed) ? parsed['tools'] : undefined;
  if (!Array.isArray(tools)) throw new Error('generated/mcp.json has no tools; run npm run codegen');
  return tools as unknown as readonly Tool[];
}

/** `mcp:write` implies `mcp:read`. */
export function scopeCovers(scopes: ReadonlySet<Scope>, needed: Scope): boolean {
  return scopes.has(needed) || (needed === 'mcp:read' && scopes.has('mcp:write'));
}
