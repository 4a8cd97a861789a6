// What a project's providers get: variables and files, and the providers' own configurations.
export const projectEnvironment: readonly string[] = [
  `create table intent_project_config (
    id text primary key, project text not null references intent_project (id) on delete cascade, name text not null,
    type text not null, value bytea not null, size integer not null, checksum text not null, write_only boolean not null,
    description text not null default '', created_at timestamptz(3) not null, unique (project, name))`,
  // alias is empty for the configuration that a provider gets when none is asked for
  `create table intent_provider_config (
    id text primary key, project text not null references intent_project (id) on delete cascade, provider text not null,
    alias text not null default '', config bytea not null, created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null, unique (project, provider, alias))`,
  `alter table intent_resource add column provider_alias text`,
];
