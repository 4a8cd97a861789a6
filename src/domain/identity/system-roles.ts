import { actionCategories } from '../../../generated/actions.ts';
import type { Action, SpaceAccessLevel } from '../../../generated/enums.ts';

/** A role that ships with the server and cannot be changed. */
export interface SystemRole {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
}

/** What the role of a rung holds: the actions of its own rung and of those below. */
function heldOn(...rungs: readonly SpaceAccessLevel[]): Action[] {
  const entries = actionCategories.flatMap(({ actions }) => actions);
  return entries.filter(({ heldFrom }) => rungs.includes(heldFrom)).map(({ action }) => action);
}

export const systemRoles: readonly SystemRole[] = [
  {
    slug: 'space-reader',
    name: 'Space reader',
    description: 'Sees what lives in the space.',
    actions: heldOn('READ'),
  },
  {
    slug: 'space-writer',
    name: 'Space writer',
    description: 'Runs what lives in the space.',
    actions: heldOn('READ', 'WRITE'),
  },
  {
    slug: 'space-admin',
    name: 'Space admin',
    description: 'Does everything in the space.',
    actions: heldOn('READ', 'WRITE', 'ADMIN'),
  },
  {
    slug: 'worker-pool-controller',
    name: 'Worker pool controller',
    description: 'Manages worker pools, for controllers that run them.',
    actions: ['SPACE_READ', 'WORKER_POOL_CREATE', 'WORKER_POOL_UPDATE', 'WORKER_POOL_DELETE'],
  },
];
