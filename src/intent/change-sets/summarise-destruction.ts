import type { OperationRow } from '../../storage/operations.ts';
import { readPlan } from '../journal/stored.ts';

const MAX_NAMES = 20; // more than anybody reads before they agree; the set's plans have them all

/** What a change set takes away, for the person who shall agree: `Would be destroyed: time_sleep "pause".` */
export function summariseDestruction(members: readonly OperationRow[]): string {
  const planned = members.map((row) => ({ row, plan: readPlan(row.plan)?.shown }));
  const destroyed = planned.filter(({ plan }) => plan?.action === 'delete').map(({ row }) => nameOf(row));
  const replaced = planned.flatMap(({ row, plan }) =>
    plan?.action === 'replace' ? [`${nameOf(row)}${because(plan.replacePaths)}`] : [],
  );
  return [
    ...(destroyed.length === 0 ? [] : [`Would be destroyed: ${listOf(destroyed)}.`]),
    ...(replaced.length === 0 ? [] : [`Would be destroyed and made anew: ${listOf(replaced)}.`]),
  ].join(' ');
}

function nameOf({ resourceId, type }: OperationRow): string {
  return `${type} ${JSON.stringify(resourceId)}`;
}

function because(paths: readonly string[]): string {
  return paths.length === 0 ? '' : ` (because of ${paths.join(', ')})`;
}

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return `${names.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
