import type { AwsIntegrationRow } from '../../storage/aws.ts';
import type { DomainContext } from '../context.ts';
import type { AwsRole } from './aws-sessions.ts';

/** `read`: plans, refreshes, imports and reads. `write`: what changes something. */
export type AwsUse = 'read' | 'write';

interface Purpose {
  readonly integration: AwsIntegrationRow;
  readonly project: { readonly id: string; readonly space: string };
  readonly region: string;
  readonly use: AwsUse;
}

const MAX_SESSION_NAME = 64; // as AWS has it

/** The role as a project takes it on for one use; AWS shows the session's name in its own trail. */
export function roleFor(context: DomainContext, { integration, project, region, use }: Purpose): AwsRole {
  const { roleArn, durationSeconds, tagAssumeRole } = integration;
  return {
    roleArn,
    durationSeconds,
    region: integration.region ?? region,
    externalId: externalIdFor(context, integration, project.id, use),
    sessionName: `sluice-${project.id}-${use}`.slice(0, MAX_SESSION_NAME),
    tags: tagAssumeRole ? { 'sluice:project': project.id, 'sluice:space': project.space, 'sluice:use': use } : {},
  };
}

/** Tells the account's projects and uses apart, so that a role can be trusted to one of them alone. */
export function externalIdFor(
  { account }: Pick<DomainContext, 'account'>,
  { id, externalId }: AwsIntegrationRow,
  project: string,
  use: AwsUse,
): string {
  return externalId ?? `${account}@${id}@${project}@${use}`;
}
