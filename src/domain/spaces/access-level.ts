import type { SpaceAccessLevel } from '../../../generated/enums.ts';
import { type Caller, may } from '../../shared/caller.ts';

/** The highest rung that the caller stands on in a space; null when it may not even read. */
export function accessLevel(caller: Caller, space: string): SpaceAccessLevel | null {
  if (may(caller, 'SPACE_ADMIN', space)) return 'ADMIN';
  if (may(caller, 'SPACE_WRITE', space)) return 'WRITE';
  return may(caller, 'SPACE_READ', space) ? 'READ' : null;
}
