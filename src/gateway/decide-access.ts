import type { Action } from '../../generated/enums.ts';
import type { Caller, Scope } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import type { AccessTable, Requirement } from './access-table.ts';
import type { Condition, FieldUse, OperationUse } from './analyse-access.ts';
import { type ActionBits, type ActionMask, covers, scopeBits, scopesAllow } from './caller-mask.ts';
import { forbidden, insufficientScope, unauthenticated } from './refusals.ts';

/** What one operation asks of its caller, worked out once and compared with every caller. */
export interface AccessDemand extends FieldsDemand {
  /** Fields behind `@skip` or `@include` with a variable, asked when the variables are known. */
  readonly conditional: readonly { readonly conditions: FieldUse['conditions']; readonly demand: FieldsDemand }[];
}

interface FieldsDemand {
  /** First field that has no row: nobody may use it. */
  readonly uncovered: string | undefined;
  /** First field that a stranger may not use. */
  readonly closed: string | undefined;
  /** By the caller's scope bits, 0 to 3: the first field whose scopes they do not hold. */
  readonly scopeGaps: readonly (ScopeGap | undefined)[];
  readonly actions: ActionMask;
  readonly fieldActions: readonly { readonly field: string; readonly action: Action }[];
}

interface ScopeGap {
  readonly field: string;
  readonly scopes: readonly (readonly Scope[])[];
}

/** Why an operation may not run, and what the audit trail is told of it. */
export interface AccessRefusal {
  readonly error: AppError;
  readonly field: string;
  readonly action: Action | undefined;
}

export function demandOf(use: OperationUse, table: AccessTable, bits: ActionBits): AccessDemand {
  const always = use.fields.filter(({ conditions }) => conditions.length === 0);
  const sometimes = use.fields.filter(({ conditions }) => conditions.length > 0);
  return {
    ...fieldsDemand(always, table, bits),
    conditional: sometimes.map((field) => ({
      conditions: field.conditions,
      demand: fieldsDemand([field], table, bits),
    })),
  };
}

function fieldsDemand(uses: readonly FieldUse[], table: AccessTable, bits: ActionBits): FieldsDemand {
  const rows = uses.flatMap((use) => rowsOf(use, table));
  const fieldActions = rows.flatMap(({ field, row }) => row.actions.map(({ action }) => ({ field, action })));
  const actions = bits.emptyMask();
  for (const { action } of fieldActions) bits.add(actions, action);
  return {
    uncovered: nameOf(uses.find((use) => table.ofField(use.type, use.field) === undefined)),
    closed: nameOf(uses.find((use) => isClosed(use, table))),
    scopeGaps: [0, 1, 2, 3].map((held) => scopeGap(rows, held)),
    actions,
    fieldActions,
  };
}

/** The rows that cover a field: its own and its type's. */
function rowsOf(use: FieldUse, table: AccessTable): { field: string; row: Requirement }[] {
  const rows = [table.ofField(use.type, use.field), table.ofType(use.type)];
  return rows.flatMap((row) => (row === undefined ? [] : [{ field: `${use.type}.${use.field}`, row }]));
}

function nameOf(use: FieldUse | undefined): string | undefined {
  return use === undefined ? undefined : `${use.type}.${use.field}`;
}

// A stranger is never given an object of a type that has a row: the object guard answers null in its place. So its
// fields need no refusal, and `{ viewer { id } }` answers null to a stranger instead of an error.
function isClosed(use: FieldUse, table: AccessTable): boolean {
  return table.ofField(use.type, use.field)?.public !== true && table.ofType(use.type) === undefined;
}

function scopeGap(rows: readonly { field: string; row: Requirement }[], held: number): ScopeGap | undefined {
  const gap = rows.find(({ row }) => !scopesAllow(held, row.scopes));
  return gap === undefined ? undefined : { field: gap.field, scopes: gap.row.scopes };
}

/**
 * Compares a demand with a caller before anything runs: may they use every field somewhere? The guards round the
 * resolvers ask about the space at hand.
 */
export function decideAccess(demand: FieldsDemand, caller: Caller, bits: ActionBits): AccessRefusal | undefined {
  if (demand.uncovered !== undefined) return uncovered(demand.uncovered);
  if (caller.principal.kind === 'ANONYMOUS') {
    const field = demand.closed;
    return field === undefined ? undefined : { error: unauthenticated(field), field, action: undefined };
  }
  const gap = demand.scopeGaps[scopeBits(caller.scopes)];
  if (gap !== undefined) {
    return { error: insufficientScope(gap.field, gap.scopes), field: gap.field, action: undefined };
  }
  const held = bits.heldAnywhere(caller);
  if (covers(held, demand.actions)) return undefined;
  const lacking = demand.fieldActions.find(({ action }) => !bits.has(held, action));
  return lacking === undefined ? undefined : { error: forbidden(lacking.field, lacking.action, undefined), ...lacking };
}

function uncovered(field: string): AccessRefusal {
  return { error: new AppError('FORBIDDEN', `unauthorized: no rule opens ${field}`), field, action: undefined };
}

/** The same for the fields that the variables switch on. */
export function decideConditionalAccess(
  demand: AccessDemand,
  caller: Caller,
  bits: ActionBits,
  variables: Readonly<Record<string, unknown>>,
): AccessRefusal | undefined {
  for (const { conditions, demand: fields } of demand.conditional) {
    if (!conditions.some((all) => all.every((condition) => holds(condition, variables)))) continue;
    const refusal = decideAccess(fields, caller, bits);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function holds(condition: Condition, variables: Readonly<Record<string, unknown>>): boolean {
  return variables[condition.variable] === condition.expected;
}
