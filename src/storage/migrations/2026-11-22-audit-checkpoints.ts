// Signed statements about the end of the audit trail, and the one way in which old entries leave it.
export const auditCheckpointTables: readonly string[] = [
  `create table audit_checkpoint (
    id text primary key, kind text not null, seq bigint not null, hash text not null, at timestamptz(3) not null,
    account text not null, key_id text not null, signature text not null)`,
  `create index audit_checkpoint_seq on audit_checkpoint (kind, seq)`,
  // Entries are dropped only up to a signed statement that says so, and only by a transaction that means to.
  `create or replace function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.seq is null and new.seq is not null
        and to_jsonb(old) - 'seq' - 'prev_hash' - 'hash' = to_jsonb(new) - 'seq' - 'prev_hash' - 'hash'
      then return new; end if;
      if tg_op = 'DELETE' and current_setting('sluice.drop_audit', true) = 'on'
        and exists (select from audit_checkpoint where kind = 'DROPPED' and seq >= old.seq)
      then return old; end if;
      raise exception 'the audit trail is append-only';
    end $$`,
];
