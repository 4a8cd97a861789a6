// What changed on a resource outside, and the state that it is held against.
export const driftColumns: readonly string[] = [
  `alter table intent_resource add column drift jsonb, add column drift_base bytea`,
];
