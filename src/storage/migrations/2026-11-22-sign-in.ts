// People, their browser sessions, and what the OAuth server remembers.
export const signInTables: readonly string[] = [
  `create table app_user (
    id text primary key, username text not null unique, password_hash text not null,
    disabled boolean not null default false, created_at timestamptz(3) not null, last_sign_in_at timestamptz(3))`,
  `create table browser_session (
    id text primary key, user_id text not null references app_user (id) on delete cascade, remote_address text,
    client text, created_at timestamptz(3) not null, expires_at timestamptz(3) not null)`,
  `create index browser_session_user on browser_session (user_id)`,
  `create table invitation (
    id text primary key, role_id text not null references role (id), space_id text not null references space (id),
    created_at timestamptz(3) not null, expires_at timestamptz(3) not null)`,
  `create table oauth_record (
    id text primary key, kind text not null, payload bytea not null, grant_id text, alias text,
    consumed_at timestamptz(3), expires_at timestamptz(3))`,
  `create index oauth_record_grant on oauth_record (grant_id) where grant_id is not null`,
  `create index oauth_record_alias on oauth_record (alias) where alias is not null`,
  `create index oauth_record_expiry on oauth_record (expires_at)`,
];
