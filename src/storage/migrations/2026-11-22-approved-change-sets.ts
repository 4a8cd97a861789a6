// What was let go ahead, so that a change set that stopped half-way can go on without being asked for again.
export const approvedChangeSets: readonly string[] = [`alter table intent_change_set add column approved_digest text`];
