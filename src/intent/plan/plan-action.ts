import { equalValues, type Value } from '../../providers/index.ts';

export type PlanAction = 'create' | 'update' | 'replace' | 'delete' | 'read' | 'no-op';

interface Change {
  readonly prior: Value;
  readonly planned: Value;
  /** Paths that really force a replacement. */
  readonly replacePaths: readonly unknown[];
  /** The last creation failed half-way: what is there cannot be trusted and is made anew. */
  readonly tainted: boolean;
}

/** What a plan amounts to, in the word the API uses. */
export function planAction({ prior, planned, replacePaths, tainted }: Change): PlanAction {
  if (planned === null) return prior === null ? 'no-op' : 'delete';
  if (prior === null) return 'create';
  if (tainted || replacePaths.length > 0) return 'replace';
  return equalValues(prior, planned) ? 'no-op' : 'update';
}

/** Whether something that exists would be destroyed: such a plan must be confirmed. */
export function isDestructive(action: PlanAction): boolean {
  return action === 'delete' || action === 'replace';
}
