// Policies: written, compiled before they are saved, attached to Intent projects, sampled and simulated.
export {
  attachPolicy,
  detachPolicy,
  listAttachments,
  spaceOfAttachment,
  type AttachmentRecord,
} from './attachments.ts';
export { createIntentPolicy, createPolicy, type NewPolicy } from './create-policy.ts';
export { deleteIntentPolicy, deletePolicy } from './delete-policy.ts';
export { findPolicies, findPolicy, listPolicies, searchPolicies } from './find-policies.ts';
export type { PolicyRecord } from './policy-record.ts';
export { simulatePolicy } from './simulate-policy.ts';
export { updateIntentPolicy, updatePolicy } from './update-policy.ts';
