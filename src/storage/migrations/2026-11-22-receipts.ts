// Who asked for an operation, a person or a program; and the way from an operation to what the audit trail says of it.
export const receipts: readonly string[] = [
  `alter table intent_operation add column principal_kind text`,
  `update intent_operation set principal_kind = case when via = 'SYSTEM' then 'SYSTEM'
    when exists (select 1 from api_key where api_key.id = principal_id) then 'API_KEY' else 'USER' end`,
  `alter table intent_operation alter column principal_kind set not null`,
  `create index audit_entry_operation on audit_entry
    ((case affected_type when 'INTENT_OPERATION' then affected_id else data->>'operation' end))
    where affected_type in ('INTENT_RESOURCE', 'INTENT_OPERATION')`,
];
