import type { Action } from '../../generated/enums.ts';

export type Scope = 'mcp:read' | 'mcp:write';

export interface Principal {
  readonly kind: 'ANONYMOUS' | 'USER' | 'API_KEY' | 'SYSTEM';
  /** ULID; empty for a stranger. */
  readonly id: string;
  /** Shown in history, locks and audit. */
  readonly name: string;
}

/**
 * Who is calling and what they may do. Built once per token by `auth`, shared by every request of that token, frozen.
 * Locks and the current project belong to `session`, which outlives the token (an API key's session is the key).
 */
export interface Caller {
  readonly principal: Principal;
  readonly session: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Names of the groups and teams they count as, for policies; rights are worked out in `grants`. */
  readonly teams?: readonly string[];
  /** Effective actions per space id, inheritance already worked out. */
  readonly grants: ReadonlyMap<string, ReadonlySet<Action>>;
  /** The roles behind the grants, each as `slug@space`: for the audit trail, never used to decide. */
  readonly roles?: readonly string[];
  /** When the token ends that the caller came by: nothing that is made from it lives longer. */
  readonly endsAtMs?: number;
  /** The token was made from another one, to be lent to something: it makes nothing that would outlive it. */
  readonly lent?: boolean;
}

/** How a request arrived; recorded, never used to decide. */
export interface Origin {
  readonly via: 'GRAPHQL' | 'MCP' | 'CLI' | 'UI' | 'SYSTEM';
  readonly requestId: string;
  readonly remoteAddress: string | undefined;
  /** Name and version the client gave of itself. */
  readonly client: string | undefined;
}

export const anonymous: Caller = Object.freeze({
  principal: Object.freeze({ kind: 'ANONYMOUS', id: '', name: 'anonymous' }),
  session: '',
  scopes: new Set<Scope>(),
  grants: new Map<string, ReadonlySet<Action>>(),
} as const);

/** Whether the caller holds `action` in the space. An unknown space holds nothing. */
export function may(caller: Caller, action: Action, space: string): boolean {
  return caller.grants.get(space)?.has(action) ?? false;
}

/** Ids of the spaces where the caller holds `action`: the way lists are narrowed. */
export function spacesWith(caller: Caller, action: Action): string[] {
  return [...caller.grants].filter(([, actions]) => actions.has(action)).map(([space]) => space);
}
