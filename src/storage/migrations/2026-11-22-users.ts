// Invited users, users of the company's identity provider, groups, access rules, and what is needed to list sessions.
export const userTables: readonly string[] = [
  `alter table app_user alter column password_hash drop not null, add column email text, add column sso_issuer text,
    add column sso_subject text, add column sso_groups text[] not null default '{}',
    add constraint sso_is_whole check ((sso_issuer is null) = (sso_subject is null))`,
  `create unique index app_user_sso on app_user (sso_issuer, sso_subject)`,
  `alter table invitation alter column role_id drop not null, alter column space_id drop not null,
    add column user_id text references app_user (id) on delete cascade`,
  `create index invitation_user on invitation (user_id) where user_id is not null`,

  `create table user_group (
    id text primary key, name text not null unique, description text not null default '',
    created_at timestamptz(3) not null)`,
  `create table user_group_member (
    id text primary key, group_id text not null references user_group (id) on delete cascade,
    user_id text not null references app_user (id) on delete cascade, unique (group_id, user_id))`,
  `create index user_group_member_user on user_group_member (user_id)`,
  `create table access_rule (
    id text primary key, actor_kind text not null, actor_id text not null,
    space_id text not null references space (id) on delete cascade, level text not null,
    unique (actor_kind, actor_id, space_id))`,

  `alter table browser_session add column kind text not null default 'BROWSER', add column last_used_at timestamptz(3)`,
  `create table oauth_grant (
    id text primary key, user_id text not null references app_user (id) on delete cascade, client_id text not null,
    client_name text not null, resource text not null, scopes text[] not null, remote_address text,
    created_at timestamptz(3) not null, last_used_at timestamptz(3), expires_at timestamptz(3) not null)`,
  `create index oauth_grant_user on oauth_grant (user_id)`,
];
