import type { MethodNames } from '../messages.ts';

/** Version 5 of the protocol names its calls so. */
export const methodNames5: MethodNames = {
  getSchema: 'GetSchema',
  identitySchemas: 'GetResourceIdentitySchemas',
  validateProvider: 'PrepareProviderConfig',
  configure: 'Configure',
  validateResource: 'ValidateResourceTypeConfig',
  validateDataSource: 'ValidateDataSourceConfig',
  upgrade: 'UpgradeResourceState',
  read: 'ReadResource',
  plan: 'PlanResourceChange',
  apply: 'ApplyResourceChange',
  import: 'ImportResourceState',
  readDataSource: 'ReadDataSource',
  stop: 'Stop',
};
