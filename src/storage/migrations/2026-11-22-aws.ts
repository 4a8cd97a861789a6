// Roles of AWS that projects work with. No credentials: those are got anew for each use.
export const awsTables: readonly string[] = [
  `create table aws_integration (
    id text primary key, name text not null unique, role_arn text not null, external_id text,
    duration_seconds integer not null, labels text[] not null default '{}', space text not null references space (id),
    region text, tag_assume_role boolean not null, created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null)`,
  `create table aws_integration_attachment (
    id text primary key, integration text not null references aws_integration (id),
    project text not null references intent_project (id) on delete cascade, region text not null,
    reads boolean not null, writes boolean not null, created_at timestamptz(3) not null, unique (project, integration))`,
];
