// The audit trail: append-only, written in the transaction of what it tells of, chained by hashes afterwards.
export { auditEntry, recordAudit, type AuditEvent } from './record-audit.ts';
export { createLimitRecorder } from './record-limit.ts';
export { recordRefusal, type RefusalEvent } from './record-refusal.ts';
export { searchAudit } from './search-audit.ts';
export { linkAll, startSequencer, type Sequencer } from './sequencer.ts';
export { type Checkpoint, checkpointJson, parseCheckpoints } from './checkpoint.ts';
export { openCheckpointKey, parsePublicKey, type CheckpointPublicKey } from './checkpoint-key.ts';
export { createCheckpointDelivery, type CheckpointDelivery } from './deliver-checkpoints.ts';
export { exportAudit } from './export-audit.ts';
export { createTrailKeeper, lastCheckpoint, signCheckpoint, type TrailKeeper } from './trail-keeper.ts';
export { verifyAudit, type AuditProof, type AuditVerdict } from './verify-audit.ts';
