import { AppError, noSuch } from '../../shared/errors.ts';
import { findProject } from '../../storage/projects.ts';
import type { Run } from '../run.ts';

/** Finds the project and sees that operations may run in it. */
export async function openProject(run: Run): Promise<void> {
  const id = run.ask.project;
  const project = await run.engine.domain.storage.read((db) => findProject(db, id));
  if (project === undefined) throw noSuch('Intent project', id);
  // What has ended is disabled first and taken down then.
  const byServer = run.request.caller.principal.kind === 'SYSTEM';
  if (project.state === 'DISABLED' && !byServer) {
    throw new AppError('CONFLICT', `project ${id} is disabled: enable it before anything runs in it`);
  }
  run.facts.project = project;
}
