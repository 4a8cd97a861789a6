import { isJsonObject } from '../../shared/json.ts';
import type { ChangeSetRow } from '../../storage/change-sets.ts';

/** Whether a person has let exactly these plans through. */
export function isLetThrough({ review, planDigest }: ChangeSetRow): boolean {
  return isJsonObject(review) && review['decision'] === 'ALLOW' && review['digest'] === planDigest;
}

/** Whether it was a person, not a program. */
export function isLetThroughByPerson(set: ChangeSetRow): boolean {
  return isLetThrough(set) && isJsonObject(set.review) && set.review['kind'] === 'USER';
}
