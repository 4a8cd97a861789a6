// The shape of the rows in generated/access.ts; the same declarations are printed there, so that the gateway needs nothing of this folder.

export type Scope = 'mcp:read' | 'mcp:write';
export const scopes: readonly Scope[] = ['mcp:read', 'mcp:write'];

export type SpaceSource =
  | { readonly from: 'args'; readonly path: readonly string[]; readonly optional: boolean }
  | { readonly from: 'parent'; readonly field: string; readonly project?: string }
  | { readonly from: 'noun'; readonly noun: string; readonly path: readonly string[] }
  | { readonly from: 'root' }
  | { readonly from: 'any' };

export interface ActionRequirement {
  readonly action: string;
  readonly space: SpaceSource;
}

export interface Requirement {
  readonly public: boolean;
  readonly scopes: readonly (readonly Scope[])[];
  readonly actions: readonly ActionRequirement[];
  readonly destructive: boolean;
}

export interface AccessTable {
  /** By name of the object type. */
  readonly types: ReadonlyMap<string, Requirement>;
  /** By `Type.field`; `Type.*` stands for every field of a catalogued type. */
  readonly fields: ReadonlyMap<string, Requirement>;
  readonly nouns: readonly string[];
}

export const nothingFurther: Requirement = { public: false, scopes: [], actions: [], destructive: false };
