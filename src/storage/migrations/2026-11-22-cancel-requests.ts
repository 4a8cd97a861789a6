// That somebody asked for the end of running work: the server that does it may be another one.
export const cancelRequests: readonly string[] = [
  `alter table intent_operation add column cancel_requested_at timestamptz(3)`,
  `alter table intent_change_set add column cancel_requested_at timestamptz(3)`,
];
