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
}

export function toProjectRecord(row: ProjectRow): ProjectRecord {
  const { createdAt, fence: _fence, ...rest } = row;
  return { ...rest, createdAt: unixSeconds(createdAt) };
}
