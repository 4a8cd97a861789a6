// The whole schema of the first release. A released migration is never edited: a change is a new file.
export const firstTables: readonly string[] = [
  `create table space (
    id text primary key, name text not null, description text not null default '',
    parent_space text references space (id), inherit_entities boolean not null, labels text[] not null default '{}',
    created_at timestamptz(3) not null,
    constraint only_root_has_no_parent check ((id = 'root') = (parent_space is null)))`,

  `create table api_key (
    id text primary key, name text not null, description text not null default '', type text not null,
    secret_hash bytea not null, creator text, created_at timestamptz(3) not null, last_used_at timestamptz(3),
    expires_at timestamptz(3), deleted boolean not null default false, teams text[] not null default '{}')`,
  `create table role (
    id text primary key, slug text not null unique, name text not null, description text not null default '',
    is_system boolean not null default false, actions text[] not null)`,
  `create table role_binding (
    id text primary key, actor_kind text not null, actor_id text not null, role_id text not null references role (id),
    space_id text not null references space (id), unique (actor_kind, actor_id, role_id, space_id))`,
  `create table session (
    id text primary key, principal text not null, current_project text, updated_at timestamptz(3) not null)`,

  `create table policy (
    id text primary key, name text not null unique, description text not null default '',
    labels text[] not null default '{}', space text not null references space (id), type text not null,
    engine_type text not null, body text not null, enabled boolean not null default true, wasm bytea, wasm_sha256 text,
    rules text[] not null default '{}', created_at timestamptz(3) not null, updated_at timestamptz(3) not null)`,

  `create table intent_project (
    id text primary key, name text not null, description text not null default '', labels text[] not null default '{}',
    space text not null references space (id), state text not null default 'ENABLED',
    confirmation text not null default 'TOKEN', created_at timestamptz(3) not null, created_by text not null,
    lock_holder text, lock_holder_name text, lock_until timestamptz(3), fence bigint not null default 0)`,
  `create index intent_project_space on intent_project (space)`,
  `create table policy_attachment (
    id text primary key, policy_id text not null references policy (id) on delete cascade,
    project_id text not null references intent_project (id) on delete cascade, created_at timestamptz(3) not null,
    unique (policy_id, project_id))`,
  `create index policy_attachment_project on policy_attachment (project_id)`,
  `create table policy_sample (
    id text primary key, policy_id text not null references policy (id) on delete cascade, outcome text not null,
    input bytea not null, result bytea not null, body text not null, created_at timestamptz(3) not null)`,
  `create index policy_sample_policy on policy_sample (policy_id, id)`,

  `create table intent_resource (
    id text primary key, project text not null references intent_project (id), resource_id text not null,
    provider text not null, version text not null, type text not null, schema_version integer not null,
    config bytea, state bytea, private bytea, condition text not null, created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null, last_operation_id text, unique (project, resource_id))`,
  `create table intent_operation (
    id text primary key, project text not null, resource_id text not null, kind text not null, status text not null,
    provider text not null, version text not null, type text not null, request bytea, prior bytea, plan bytea,
    plan_digest text, result bytea, diagnostics jsonb, decision jsonb, failure text, confirmation_hash text,
    confirmation_until timestamptz(3), review jsonb, session text not null, principal_id text not null,
    principal_name text not null, via text not null, client text, fence bigint not null, lease_until timestamptz(3),
    created_at timestamptz(3) not null, updated_at timestamptz(3) not null, finished_at timestamptz(3))`,
  `create index intent_operation_project on intent_operation (project, id)`,
  `create index intent_operation_resource on intent_operation (project, resource_id, id)`,
  `create index intent_operation_open on intent_operation (lease_until) where finished_at is null`,
  `create table operation_step (
    operation_id text not null references intent_operation (id), seq integer not null, step text not null,
    at timestamptz(3) not null, detail jsonb, primary key (operation_id, seq))`,
  `create table resource_dependency (
    project text not null, from_resource text not null, to_resource text not null, type text not null,
    explanation text, field_mappings jsonb not null default '[]', created_at timestamptz(3) not null,
    primary key (project, from_resource, to_resource),
    foreign key (project, from_resource) references intent_resource (project, resource_id) on delete cascade,
    foreign key (project, to_resource) references intent_resource (project, resource_id))`,
  `create index resource_dependency_to on resource_dependency (project, to_resource)`,

  `create table audit_entry (
    id text primary key, seq bigint unique, at timestamptz(3) not null, account text not null, event_type text not null,
    action text not null, actor text not null, actor_roles text[] not null default '{}', space text,
    affected_type text not null, affected_id text, related_type text, related_id text, data jsonb not null,
    remote_address text, prev_hash text, hash text)`,
  `create index audit_entry_open on audit_entry (id) where seq is null`,
  // The trail is append-only: the sequencer fills the chain columns of a new entry once, and nothing else ever changes.
  `create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.seq is null and new.seq is not null
        and to_jsonb(old) - 'seq' - 'prev_hash' - 'hash' = to_jsonb(new) - 'seq' - 'prev_hash' - 'hash'
      then return new; end if;
      raise exception 'the audit trail is append-only';
    end $$`,
  `create trigger audit_entry_append_only before update or delete on audit_entry
    for each row execute function refuse_audit_change()`,

  `create table provider_binary (
    address text not null, version text not null, sha256 text not null, protocol integer not null,
    capabilities jsonb not null, read_at timestamptz(3) not null, primary key (address, version, sha256))`,
  `create table provider_schema (
    address text not null, version text not null, binary_sha256 text not null, kind text not null, type text not null,
    schema bytea not null, search text not null, primary key (address, version, binary_sha256, kind, type))`,

  `create table setting (id text primary key, value bytea not null)`,
  `create table data_key (
    id integer primary key generated by default as identity, key_id text not null, wrapped bytea not null,
    used bigint not null default 0, retired_at timestamptz(3), created_at timestamptz(3) not null)`,
];
