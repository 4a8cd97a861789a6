import { type Caller, may } from '../shared/caller.ts';
import { noSuch } from '../shared/errors.ts';
import type { ActionRequirement, SpaceSource } from './access-table.ts';
import type { GatewayContext, SpaceOf } from './context.ts';
import { forbidden, type RefusalHook } from './refusals.ts';
import { type Args, createPlace, namedBy, type Place, type Placement } from './space-source.ts';

/** Whether the resolver may run; `false` answers null in its place. Throws where null cannot be answered. */
export type FieldGuard = (source: unknown, args: Args, context: GatewayContext) => boolean | Promise<boolean>;

export interface GuardedField {
  /** `Type.field` */
  readonly name: string;
  /** Whether null may stand for an object that is missing or may not be seen. */
  readonly answersNull: boolean;
  readonly onRefusal: RefusalHook;
}

/**
 * Makes the guard that asks, before a field's resolver runs, whether the caller holds the field's actions in the space
 * at hand. A missing object and one that the caller may not read answer alike.
 *
 * @returns undefined when the field asks nothing about a space
 */
export function createFieldGuard(
  actions: readonly ActionRequirement[],
  field: GuardedField,
  spaceOf: SpaceOf,
): FieldGuard | undefined {
  const checks = actions
    .filter(({ space }) => space.from !== 'any')
    .map((requirement) => createCheck(requirement, field, createPlace(requirement.space, spaceOf)));
  if (checks.length === 0) return undefined;
  return (source, args, context) => runChecks(checks, 0, source, args, context);
}

function runChecks(
  checks: readonly FieldGuard[],
  from: number,
  source: unknown,
  args: Args,
  context: GatewayContext,
): boolean | Promise<boolean> {
  for (let at = from; at < checks.length; at++) {
    const passed = checks[at]?.(source, args, context) ?? false;
    if (passed === false) return false;
    if (passed !== true) {
      return passed.then((ok) => (ok ? runChecks(checks, at + 1, source, args, context) : false));
    }
  }
  return true;
}

function createCheck(requirement: ActionRequirement, field: GuardedField, place: Place): FieldGuard {
  const judge = (placement: Placement, args: Args, context: GatewayContext): boolean =>
    judgePlacement(placement, requirement, field, args, context);
  return (source, args, context) => {
    const placement = place(source, args, context);
    return placement instanceof Promise
      ? placement.then((found) => judge(found, args, context))
      : judge(placement, args, context);
  };
}

function judgePlacement(
  placement: Placement,
  requirement: ActionRequirement,
  field: GuardedField,
  args: Args,
  context: GatewayContext,
): boolean {
  if (placement.kind === 'unasked') return true;
  const space = placement.kind === 'space' ? placement.space : undefined;
  if (space !== undefined && may(context.caller, requirement.action, space)) return true;
  const seen = space !== undefined && isSeen(context.caller, requirement, space);
  report(context, field, requirement, space, seen);
  if (seen) throw forbidden(field.name, requirement.action, space);
  if (field.answersNull) return false;
  const { noun, id } = namedBy(requirement.space, args);
  throw noSuch(noun, id);
}

// The caller knows that the object is there: they may read its space, or hold it in their hands, or it is the root.
function isSeen(caller: Caller, { action, space: source }: ActionRequirement, space: string): boolean {
  if (source.from === 'parent' || source.from === 'root') return true;
  return action !== 'SPACE_READ' && may(caller, 'SPACE_READ', space);
}

function report(
  { caller, origin }: GatewayContext,
  field: GuardedField,
  { action, space: source }: ActionRequirement,
  space: string | undefined,
  seen: boolean,
): void {
  if (space === undefined && !isArgument(source)) return; // there is no such object: nothing was refused
  field.onRefusal({ caller, origin, code: seen ? 'FORBIDDEN' : 'NO_SUCH', field: field.name, action, space });
}

function isArgument(source: SpaceSource): boolean {
  return source.from === 'args';
}
