// A role held in one project of a space only; it goes with the project.
export const projectRoleColumns: readonly string[] = [
  `alter table role_binding add column project_id text references intent_project (id) on delete cascade`,
  `alter table role_binding drop constraint role_binding_actor_kind_actor_id_role_id_space_id_key`,
  `create unique index role_binding_held
    on role_binding (actor_kind, actor_id, role_id, space_id, coalesce(project_id, ''))`,
  `create index role_binding_project on role_binding (project_id)`,
];
