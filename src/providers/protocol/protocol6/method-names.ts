import type { MethodNames } from '../messages.ts';

/** Version 6 of the protocol names its calls so. */
export const methodNames6: MethodNames = {
  getSchema: 'GetProviderSchema',
  identitySchemas: 'GetResourceIdentitySchemas',
  validateProvider: 'ValidateProviderConfig',
  configure: 'ConfigureProvider',
  validateResource: 'ValidateResourceConfig',
  validateDataSource: 'ValidateDataResourceConfig',
  upgrade: 'UpgradeResourceState',
  read: 'ReadResource',
  plan: 'PlanResourceChange',
  apply: 'ApplyResourceChange',
  import: 'ImportResourceState',
  readDataSource: 'ReadDataSource',
  stop: 'StopProvider',
};
