import { badInput } from '../../shared/errors.ts';

const ROLE = /^arn:aws(?:-[a-z-]+)?:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const [MIN_SECONDS, MAX_SECONDS] = [900, 43_200]; // what AWS takes

/** What can be said of an integration. */
export interface AwsIntegrationInput {
  readonly name: string;
  readonly roleArn: string;
  readonly generateCredentialsInWorker: boolean;
  readonly externalID?: string | null | undefined;
  readonly durationSeconds?: number | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly space?: string | null | undefined;
  readonly region?: string | null | undefined;
  readonly autoattachEnabled?: boolean | null | undefined;
  readonly tagAssumeRole?: boolean | null | undefined;
}

export function parseRole(arn: string): string {
  if (ROLE.test(arn)) return arn;
  throw badInput('roleArn', 'must be the ARN of a role, such as arn:aws:iam::123456789012:role/sluice');
}

export function parseRegion(field: string, region: string): string {
  if (REGION.test(region)) return region;
  throw badInput(field, `must be a region such as eu-west-1, not ${JSON.stringify(region.slice(0, 50))}`);
}

/** An empty one, which some clients send, is none. */
export function parseExternalId(id: string | null | undefined): string | undefined {
  if (id === null || id === undefined || id === '') return undefined;
  if (EXTERNAL_ID.test(id)) return id;
  throw badInput('externalID', 'must have 2 to 1224 letters, digits or any of + = , . @ : / - _');
}

export function parseDuration(seconds: number | null | undefined): number {
  if (seconds === null || seconds === undefined) return MIN_SECONDS;
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  throw badInput('durationSeconds', `must be from ${MIN_SECONDS} to ${MAX_SECONDS}, which the role must allow too`);
}

/** What exists elsewhere and not here is refused, not ignored: the caller counts on it. */
export function refuseUnknownWays({ generateCredentialsInWorker, autoattachEnabled }: AwsIntegrationInput): void {
  if (generateCredentialsInWorker) {
    throw badInput('generateCredentialsInWorker', 'must be false: the server takes on the role itself');
  }
  if (autoattachEnabled === true) {
    throw badInput('autoattachEnabled', 'must be false: attach the integration to each project that is to have it');
  }
}
