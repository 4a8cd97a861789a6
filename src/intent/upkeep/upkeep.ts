import type { DomainContext } from '../../domain/context.ts';
import { findDueExpiries, findDueNotices, findDueWatches } from '../../storage/project-upkeep.ts';
import type { Intent } from '../create-intent.ts';
import { checkDrift } from './check-drift.ts';
import { expireProject } from './expire-project.ts';
import { deliverNotices, notifier, type WebhookPost } from './notify.ts';

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

/** What is done for projects without anybody asking: their end, looks for drift, and telling their webhooks of both. */
export interface Upkeep {
  readonly jobs: readonly Job[];
  /** What is due, by the clock and the database: a job that got lost with its server is due again. */
  due(): Promise<DueJob[]>;
}

const AT_ONCE = 50;

export function createUpkeep(domain: DomainContext, intent: Intent, post: WebhookPost): Upkeep {
  const work = { domain, intent, notify: notifier(domain) };
  return {
    jobs: [
      { name: 'intent-project-expiry', run: ({ project }) => expireProject(work, project) },
      { name: 'intent-project-drift', run: ({ project }) => checkDrift(work, project) },
      { name: 'intent-project-notices', run: ({ project }) => deliverNotices(domain, post, project) },
    ],
    async due() {
      const now = domain.clock.now();
      const [ending, watched, told] = await domain.storage.read(async (db) => [
        await findDueExpiries(db, now, AT_ONCE),
        await findDueWatches(db, now, AT_ONCE),
        await findDueNotices(db, now, AT_ONCE),
      ]);
      return [
        ...ending.map(({ id }) => ({ name: 'intent-project-expiry', project: id })),
        ...watched.map(({ id }) => ({ name: 'intent-project-drift', project: id })),
        ...told.map((project) => ({ name: 'intent-project-notices', project })),
      ];
    },
  };
}
