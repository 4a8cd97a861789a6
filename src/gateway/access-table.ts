import type { Action } from '../../generated/enums.ts';
import type { Scope } from '../shared/caller.ts';

/** Where an action must be held. The shapes are those of `generated/access.ts`. */
export type SpaceSource =
  | { readonly from: 'args'; readonly path: readonly string[]; readonly optional: boolean }
  | { readonly from: 'parent'; readonly field: string; readonly project?: string }
  | { readonly from: 'noun'; readonly noun: string; readonly path: readonly string[] }
  | { readonly from: 'root' }
  | { readonly from: 'any' };

export interface ActionRequirement {
  readonly action: Action;
  readonly space: SpaceSource;
}

export interface Requirement {
  readonly public: boolean;
  /** Lists of scopes of which one must be held in full; empty asks for none. */
  readonly scopes: readonly (readonly Scope[])[];
  /** All of them must be held. */
  readonly actions: readonly ActionRequirement[];
  readonly destructive: boolean;
}

export interface AccessTables {
  readonly typeAccess: Readonly<Record<string, Requirement>>;
  readonly fieldAccess: Readonly<Record<string, Requirement>>;
}

/** What the gateway asks of the tables. */
export interface AccessTable {
  /** Own row of a type; undefined when the type carries none. */
  ofType(type: string): Requirement | undefined;
  /** Row of a field; undefined means that nobody may use the field. */
  ofField(type: string, field: string): Requirement | undefined;
  /** Every action that some row asks for: their places are the bits of a caller's mask. */
  readonly actions: readonly Action[];
}

export function createAccessTable(tables: AccessTables): AccessTable {
  const types = new Map(Object.entries(tables.typeAccess));
  const fields = new Map(Object.entries(tables.fieldAccess));
  const rows = [...types.values(), ...fields.values()];
  return {
    ofType: (type) => types.get(type),
    // One row stands for all fields of a catalogued type.
    ofField: (type, field) => fields.get(`${type}.${field}`) ?? fields.get(`${type}.*`),
    actions: [...new Set(rows.flatMap((row) => row.actions.map(({ action }) => action)))],
  };
}
