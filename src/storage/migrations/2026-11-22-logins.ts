// What the login policies decided about each session: its rights last as long as it does.
export const loginTables: readonly string[] = [
  `create table login (
    id text primary key, principal_kind text not null, principal_id text not null, generation text not null,
    outcome text not null, message text not null default '', roles jsonb not null default '[]',
    deny_admin boolean not null default false, teams text[], creator_address text, judged_at timestamptz(3) not null,
    expires_at timestamptz(3) not null)`,
  `create index login_expiry on login (expires_at)`,
  `create index policy_type on policy (type)`,
];
