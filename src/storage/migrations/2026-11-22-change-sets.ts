// Many operations planned, approved and applied together.
export const changeSets: readonly string[] = [
  `create table intent_change_set (
    id text primary key, project text not null, status text not null, request bytea, plan_digest text,
    destructive boolean not null, failure text, confirmation_hash text, confirmation_until timestamptz(3), review jsonb,
    session text not null, principal_id text not null, principal_name text not null, via text not null, client text,
    fence bigint not null, lease_until timestamptz(3), created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null, finished_at timestamptz(3))`,
  `create index intent_change_set_project on intent_change_set (project, id)`,
  `create index intent_change_set_open on intent_change_set (lease_until) where finished_at is null`,
  `alter table intent_operation add column change_set text references intent_change_set (id),
    add column change_position integer`,
  `create index intent_operation_change_set on intent_operation (change_set, change_position, id)
    where change_set is not null`,
];
