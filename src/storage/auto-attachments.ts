import type { Db } from './database.ts';

/** A policy that judges a project because of its labels. */
export interface AutoAttachment {
  readonly policyId: string;
  readonly policyName: string;
  readonly projectId: string;
}

/**
 * Pairs of Intent policy and project that belong together by label: the policy says `autoattach:` and a label of the
 * project, or `*`, and it lives in the project's space or in one that this inherits from, hop by hop. Begins a statement;
 * `of` narrows the projects.
 */
function pairsText(of: 'one project' | 'every project'): string {
  return `with recursive reach (project_id, labels, space, parent_space, inherit_entities) as (
      select i.id, i.labels, s.id, s.parent_space, s.inherit_entities from intent_project i join space s on s.id = i.space
        ${of === 'one project' ? 'where i.id = ?' : ''}
      union all
      select r.project_id, r.labels, s.id, s.parent_space, s.inherit_entities from reach r
        join space s on r.inherit_entities and s.id = r.parent_space),
    pair as (select r.project_id, p.id as policy_id, p.name from reach r join policy p on p.space = r.space
      where p.type = 'INTENT' and ('autoattach:*' = any(p.labels)
        or p.labels && array(select 'autoattach:' || label from unnest(r.labels) as label)))`;
}

/** Begins a statement about one project, whose id is its first value: `judging` has the ids of its policies. */
export const JUDGING = `${pairsText('one project')},
  judging as (select policy_id from pair union select policy_id from policy_attachment where project_id = ?)`;

/** By name. A policy that is attached by hand too is not among them. */
export function findAutoAttachments(
  db: Db,
  of: { readonly project: string } | { readonly policy: string },
): Promise<AutoAttachment[]> {
  const byProject = 'project' in of;
  return db.em.execute<AutoAttachment[]>(
    `${pairsText(byProject ? 'one project' : 'every project')}
      select policy_id as "policyId", name as "policyName", project_id as "projectId" from pair
      where ${byProject ? 'true' : 'policy_id = ?'} and not exists (select 1 from policy_attachment a
        where a.policy_id = pair.policy_id and a.project_id = pair.project_id) order by name, project_id`,
    [byProject ? of.project : of.policy],
  );
}
