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
  /** Effective actions per place, inheritance already worked out. */
  readonly grants: ReadonlyMap<string, ReadonlySet<Action>>;
  /** The roles behind the grants, each as `slug@place`: for the audit trail, never used to decide. */
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

/**
 * Where rights are held: a space, by its id, or one project in a space, as `space/project` (no id has a slash). What is
 * held in the space counts in the project too.
 */
export function projectPlace(project: { readonly space: string; readonly id: string }): string {
  return `${project.space}/${project.id}`;
}

/** The space that a place is, or is in. */
export function spaceOfPlace(place: string): string {
  const slash = place.indexOf('/');
  return slash === -1 ? place : place.slice(0, slash);
}

/** The project that a place is; undefined for a space. */
export function projectOfPlace(place: string): string | undefined {
  const slash = place.indexOf('/');
  return slash === -1 ? undefined : place.slice(slash + 1);
}

/** For messages: which project it is the caller knows, or need not be told. */
export function placeWords(place: string): string {
  const space = JSON.stringify(spaceOfPlace(place));
  return projectOfPlace(place) === undefined ? `the space ${space}` : `this project of the space ${space}`;
}

/** Whether the caller holds `action` in the place. An unknown place holds nothing. */
export function may(caller: Caller, action: Action, place: string): boolean {
  if (caller.grants.get(place)?.has(action) === true) return true;
  return place.includes('/') && caller.grants.get(spaceOfPlace(place))?.has(action) === true;
}

/** Where lists are narrowed to: what lives in these spaces, and these projects besides. */
export interface Places {
  readonly spaces: readonly string[];
  readonly projects: readonly string[];
}

/** Where the caller holds `action`. */
export function placesWith(caller: Caller, action: Action): Places {
  const places = [...caller.grants].filter(([, actions]) => actions.has(action)).map(([place]) => place);
  return {
    spaces: places.filter((place) => projectOfPlace(place) === undefined),
    projects: places.flatMap((place) => projectOfPlace(place) ?? []),
  };
}

/** Ids of the spaces where the caller holds `action`. */
export function spacesWith(caller: Caller, action: Action): readonly string[] {
  return placesWith(caller, action).spaces;
}

/** Whether the caller holds `action` in any place at all. */
export function mayAnywhere(caller: Caller, action: Action): boolean {
  return [...caller.grants.values()].some((actions) => actions.has(action));
}
