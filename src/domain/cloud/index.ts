// How projects get into cloud accounts: roles of AWS, and tokens that say which project asks.
export {
  type AwsIntegrationRecord,
  createAwsIntegration,
  deleteAwsIntegration,
  findAwsIntegration,
  findAwsIntegrationByName,
  listAwsIntegrations,
  updateAwsIntegration,
} from './aws-integrations.ts';
export { attachAwsIntegration, detachAwsIntegration, listAwsAttachments } from './aws-attachments.ts';
export type { AwsUse } from './aws-role.ts';
export { awsRegionOf, cloudEnvironment, type CloudEnvironment } from './cloud-environment.ts';
export { createAwsSessions, type AwsSessions } from './aws-sessions.ts';
export { createIdentityTokens, type IdentityTokens } from './identity-tokens.ts';
export { mountedTokens, soonest } from './mounted-tokens.ts';
