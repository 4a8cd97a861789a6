// When Intent projects end, and how they are looked after. The ids are those of the projects.
export const upkeepTables: readonly string[] = [
  `create table intent_project_expiry (
    id text primary key references intent_project (id) on delete cascade,
    ttl_seconds integer, expires_at timestamptz(3) not null, action text not null check (action in ('ARCHIVE', 'DELETE')),
    warned_hours integer, archived_at timestamptz(3), next_at timestamptz(3), note text)`,
  `create index intent_project_expiry_next on intent_project_expiry (next_at)`,
  `create table intent_project_watch (
    id text primary key references intent_project (id) on delete cascade,
    interval_minutes integer, next_at timestamptz(3), checked_at timestamptz(3), note text,
    webhook_url text, webhook_secret bytea)`,
  `create index intent_project_watch_next on intent_project_watch (next_at)`,
];
