import type { Request } from '../domain/context.ts';
import { noSuch } from '../shared/errors.ts';
import type { Db } from '../storage/database.ts';
import { findProject } from '../storage/projects.ts';
import { findResource, type ResourceRow } from '../storage/resources.ts';
import type { Engine } from './engine.ts';
import { recordRefused } from './journal/record-refused.ts';
import { readShown, type Shown, type ShownPlan } from './journal/stored.ts';
import { cannotWait, decidedAtOnce, denied } from './judgement/denied.ts';
import { judge, type Question } from './judgement/judge.ts';

/** One resource needs another, by the record. */
export interface Edge {
  readonly intentProject: string;
  readonly from: string;
  readonly to: string;
}

type Verb = 'add' | 'remove';

/**
 * Has the policies of the project judge an edit of the record of what needs what: it decides about what may be deleted. It
 * is judged as an operation on the resource that needs; nothing waits for a review of it.
 *
 * @throws POLICY_DENIED with every reason
 */
export async function judgeEdge(engine: Engine, request: Request, verb: Verb, edge: Edge): Promise<void> {
  const question = await engine.domain.storage.read((db) => questionOf(db, request, verb, edge));
  const { outcome, deny } = decidedAtOnce(await judge(engine.domain, question), cannotWait.DEPENDENCY);
  if (outcome === 'ALLOWED') return;
  const error = denied('edit of dependencies', deny);
  await recordRefused(engine.domain, request, error, {
    action: `intent-dependencies.${verb}`,
    affected: { type: 'INTENT_RESOURCE', id: edge.from },
    related: { type: 'INTENT_PROJECT', id: edge.intentProject },
    data: { from: edge.from, to: edge.to, decision: outcome, deny: [...deny] },
  });
  throw error;
}

async function questionOf(db: Db, request: Request, verb: Verb, edge: Edge): Promise<Question> {
  const { intentProject, from, to } = edge;
  const project = await findProject(db, intentProject);
  if (project === undefined) throw noSuch('Intent project', intentProject);
  const needing = await requireResource(db, intentProject, from);
  const needed = await requireResource(db, intentProject, to);
  const { provider, version, type } = needing;
  return {
    kind: verb === 'add' ? 'DEPENDENCY_ADD' : 'DEPENDENCY_REMOVE',
    resourceID: from,
    provider,
    version,
    type,
    config: undefined,
    schema: undefined,
    plan: unchanged(readShown(needing.state)),
    project,
    request,
    operation: undefined,
    edge: { from: neighbor(needing), to: neighbor(needed) },
  };
}

async function requireResource(db: Db, project: string, id: string): Promise<ResourceRow> {
  const row = await findResource(db, project, id);
  if (row === undefined) throw noSuch('resource', id);
  return row;
}

function neighbor({ resourceId, type }: ResourceRow) {
  return { resource_id: resourceId, resource_type: type };
}

function unchanged({ value, redacted }: Shown): ShownPlan {
  return { action: 'no-op', before: value, after: value, afterUnknown: [], replacePaths: [], redacted };
}
