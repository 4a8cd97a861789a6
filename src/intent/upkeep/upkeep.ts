import type { DomainContext } from '../../domain/context.ts';
import { findDueExpiries } from '../../storage/project-upkeep.ts';
import type { Intent } from '../create-intent.ts';
import { expireProject } from './expire-project.ts';

/** Work that is done later, by whichever server takes it. Doing it twice must do no harm. */
export interface Job {
  readonly name: string;
  readonly run: (data: { readonly project: string }) => Promise<void>;
}

/** A job that is due now. */
export interface DueJob {
  readonly name: string;
  readonly project: string;
}

/** What is done for projects without anybody asking: their end. */
export interface Upkeep {
  readonly jobs: readonly Job[];
  /** What is due, by the clock and the database: a job that got lost with its server is due again. */
  due(): Promise<DueJob[]>;
}

const AT_ONCE = 50;

export function createUpkeep(domain: DomainContext, intent: Intent): Upkeep {
  const notify = (): Promise<void> => Promise.resolve();
  return {
    jobs: [{ name: 'intent-project-expiry', run: ({ project }) => expireProject({ domain, intent, notify }, project) }],
    async due() {
      const now = domain.clock.now();
      const ending = await domain.storage.read((db) => findDueExpiries(db, now, AT_ONCE));
      return ending.map(({ id }) => ({ name: 'intent-project-expiry', project: id }));
    },
  };
}
