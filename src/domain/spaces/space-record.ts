import type { SpaceRow } from '../../storage/spaces.ts';

/** A space as the API shows it; what the caller may do there is added by whoever asks. */
export interface SpaceRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly parentSpace: string | null;
  readonly inheritEntities: boolean;
  readonly labels: readonly string[];
}

export function toSpaceRecord({ id, name, description, parentSpace, inheritEntities, labels }: SpaceRow): SpaceRecord {
  return { id, name, description, parentSpace: parentSpace ?? null, inheritEntities, labels };
}
