// Personal access tokens; API keys that are rotated, and those that prove themselves by another server's tokens.
export const machineTables: readonly string[] = [
  `create table personal_token (
    id text primary key, owner_kind text not null, owner_id text not null, name text not null,
    token_hash bytea not null unique, scopes text[] not null, spaces text[] not null default '{}',
    created_at timestamptz(3) not null, expires_at timestamptz(3) not null, last_used_at timestamptz(3))`,
  `create index personal_token_owner on personal_token (owner_kind, owner_id)`,
  `create index personal_token_expiry on personal_token (expires_at)`,
  `alter table api_key alter column secret_hash drop not null`,
  `alter table api_key
    add column previous_secret_hash bytea, add column previous_secret_until timestamptz(3),
    add column generation integer not null default 0, add column oidc jsonb`,
];
