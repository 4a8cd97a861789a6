import { AppError } from '../../shared/errors.ts';
import { findAwsAttachments, findAwsIntegrationsById } from '../../storage/aws.ts';
import { findProject } from '../../storage/projects.ts';
import type { DomainContext } from '../context.ts';
import { type AwsUse, roleFor } from './aws-role.ts';
import type { AwsSession } from './aws-sessions.ts';

/** What a project's cloud accounts add to the environment of its providers. */
export interface CloudEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Values that may not be shown, in text of a provider either. */
  readonly secrets: readonly string[];
  /** From then on it is to be asked for anew; undefined when it does not end. */
  readonly renewAt: Date | undefined;
  /** What to do where the provider does not take its configuration; undefined when nothing is missing here. */
  readonly advice: string | undefined;
}

const nothing: CloudEnvironment = { variables: {}, secrets: [], renewAt: undefined, advice: undefined };
const ADVICE =
  'A role of AWS is given with awsIntegrationIntentProjectAttach(intentProject, integration, read, write, awsRegion)';

/**
 * Credentials for one use, of the role that the project has for it.
 *
 * @param provider address: only providers for AWS get any, since no other has a use for them
 * @returns undefined when the project has no integration
 * @throws CONFLICT when the project has one, but not for this use; what `AwsSessions.take` throws
 */
export async function cloudEnvironment(
  context: DomainContext,
  { project: id, provider, use }: { readonly project: string; readonly provider: string; readonly use: AwsUse },
): Promise<CloudEnvironment> {
  if (!isForAws(provider)) return nothing;
  const found = await context.storage.read(async (db) => {
    const attachments = await findAwsAttachments(db, { project: id });
    const attachment = attachments.find(({ reads, writes }) => (use === 'read' ? reads : writes));
    const wanted = attachment ?? attachments[0];
    const [integration] = wanted === undefined ? [] : await findAwsIntegrationsById(db, [wanted.integration]);
    return { attachment, integration, project: await findProject(db, id) };
  });
  const { attachment, integration, project } = found;
  if (integration === undefined || project === undefined) return { ...nothing, advice: ADVICE };
  if (attachment === undefined) throw notForThat(integration.name, id, use);
  const { region } = attachment;
  return environmentOf(await context.aws.take(roleFor(context, { integration, project, region, use })), region);
}

const isForAws = (provider: string): boolean => /^(?:.*\/)?aws[a-z]*$/.test(provider);

/** Where a provider for AWS works; undefined for all others, and when nobody said. */
export function awsRegionOf(provider: string, environment: Readonly<Record<string, string>>): string | undefined {
  return isForAws(provider) ? (environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']) : undefined;
}

function environmentOf(
  { accessKeyId, secretAccessKey, sessionToken, renewAt }: AwsSession,
  region: string,
): CloudEnvironment {
  const token = sessionToken ?? '';
  return {
    variables: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: token,
      AWS_SECURITY_TOKEN: token, // its older name
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
    },
    secrets: [secretAccessKey, token].filter((secret) => secret !== ''),
    renewAt,
    advice: undefined,
  };
}

function notForThat(integration: string, project: string, use: AwsUse): AppError {
  const [missing, flag] = use === 'read' ? ['reading', 'read'] : ['changing', 'write'];
  return new AppError(
    'CONFLICT',
    `AWS integration ${JSON.stringify(integration)} is attached to project ${project}, but not for ${missing}: ` +
      `detach it and attach it with ${flag}: true`,
  );
}
