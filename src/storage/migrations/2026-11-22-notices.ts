// What is to be told to a project's webhook and has not been yet.
export const noticeTables: readonly string[] = [
  `create table intent_project_notice (
    id text primary key, project text not null references intent_project (id) on delete cascade,
    event jsonb not null, attempts integer not null, next_at timestamptz(3) not null, created_at timestamptz(3) not null)`,
  // The address of a webhook is often its key, so it is kept sealed.
  `alter table intent_project_watch drop column webhook_url`,
  `alter table intent_project_watch add column webhook_url bytea, add column webhook_failure text`,
  `create index intent_project_notice_next on intent_project_notice (next_at)`,
];
