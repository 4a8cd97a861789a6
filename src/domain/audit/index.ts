// The audit trail: append-only, written in the transaction of what it tells of, chained by hashes afterwards.
export { recordAudit, type AuditEvent } from './record-audit.ts';
export { createLimitRecorder } from './record-limit.ts';
export { recordRefusal, type RefusalEvent } from './record-refusal.ts';
export { searchAudit } from './search-audit.ts';
export { startSequencer, type Sequencer } from './sequencer.ts';
export { verifyAudit, type AuditVerdict } from './verify-audit.ts';
