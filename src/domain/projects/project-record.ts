import { unixSeconds } from '../../shared/clock.ts';
import type { ProjectRow } from '../../storage/projects.ts';

/** A project as the API shows it. The lock is there raw: what is shown of it depends on who asks and when. */
export interface ProjectRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly space: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly confirmation: 'TOKEN' | 'PERSON' | 'OTHER_PERSON';
  readonly createdAt: number;
  readonly createdBy: string;
  readonly lockHolder: string | undefined;
  readonly lockHolderName: string | undefined;
  readonly lockUntil: Date | undefined;
  readonly lockSince: Date | undefined;
  readonly lockSelected: boolean;
}

/** What a row of a project holds of a lock when it is free. */
export const unlocked = {
  lockHolder: undefined,
  lockHolderName: undefined,
  lockUntil: undefined,
  lockSince: undefined,
  lockSelected: false,
} as const;

export function toProjectRecord(row: ProjectRow): ProjectRecord {
  const { createdAt, fence: _fence, ...rest } = row;
  return { ...rest, createdAt: unixSeconds(createdAt) };
}
