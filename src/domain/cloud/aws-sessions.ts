import { AwsV4Signer } from 'aws4fetch';
import { LRUCache } from 'lru-cache';

import type { Outbound } from '../../outbound/index.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

/** Keys of an AWS account. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Credentials that end. */
export interface AwsSession extends AwsCredentials {
  /** From then on others are to be taken: too little of their life is left. */
  readonly renewAt: Date;
}

/** A role to be taken on, and as what. */
export interface AwsRole {
  readonly roleArn: string;
  readonly externalId: string;
  readonly sessionName: string;
  readonly durationSeconds: number;
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Takes on roles with the server's own credentials. */
export interface AwsSessions {
  /**
   * Credentials of the role, kept until half of their life is over.
   *
   * @throws CONFLICT when the server has no credentials; PROVIDER_REFUSED when AWS does not let it; UNAVAILABLE
   */
  take(role: AwsRole, options?: TakeOptions): Promise<AwsSession>;
}

export interface TakeOptions {
  /** Asks AWS, whatever is kept: to find out whether it still lets the server. */
  readonly anew?: boolean;
}

export interface AwsSessionsOptions {
  /** Of the server; roles are taken on with them. */
  readonly own: AwsCredentials | undefined;
  /** Instead of the region's own endpoint. */
  readonly stsUrl: string | undefined;
  readonly outbound: Pick<Outbound, 'get'>;
  readonly clock: Clock;
}

const KEPT = 200;
const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** A change gets credentials that last a while: at least this part of their life is left. */
const PART_LEFT = 0.5;

export function createAwsSessions(options: AwsSessionsOptions): AwsSessions {
  const kept = new LRUCache<string, AwsSession>({ max: KEPT });
  const asked = new Map<string, Promise<AwsSession>>();
  const ask = async (key: string, role: AwsRole): Promise<AwsSession> => {
    try {
      const session = await assumeRole(options, role);
      kept.set(key, session);
      return session;
    } finally {
      asked.delete(key);
    }
  };
  return {
    async take(role, { anew = false } = {}) {
      const key = JSON.stringify(role);
      if (anew) return ask(key, role);
      const known = kept.get(key);
      if (known !== undefined && options.clock.now() < known.renewAt) return known;
      // The changes of a set come to it at the same moment, and one question is enough for all of them.
      const asking = asked.get(key) ?? ask(key, role);
      asked.set(key, asking);
      return asking;
    },
  };
}

async function assumeRole({ own, stsUrl, outbound, clock }: AwsSessionsOptions, role: AwsRole): Promise<AwsSession> {
  if (own === undefined) {
    throw new AppError(
      'CONFLICT',
      'this server has no AWS credentials of its own, with which it could take on a role: set SLUICE_AWS_ACCESS_KEY_ID and SLUICE_AWS_SECRET_ACCESS_KEY',
    );
  }
  const endpoint = stsUrl ?? `https://sts.${role.region}.amazonaws.com/`;
  const signer = new AwsV4Signer({
    ...signable(own),
    service: 'sts',
    region: role.region,
    url: requestUrl(endpoint, role),
  });
  const { url, headers } = await signer.sign();
  const askedAt = clock.now();
  const limits = { maxRedirects: 0, maxBytes: MAX_ANSWER_BYTES, timeoutMs: TIMEOUT_MS };
  const asking = outbound.get(url.href, { headers: Object.fromEntries(headers), ...limits });
  const answer = await asking.catch((error: unknown) => {
    throw unreachable(role, error);
  });
  const text = Buffer.from(answer.body).toString();
  if (answer.status !== 200) throw refused(role, answer.status, text);
  return { ...parseCredentials(role, text), renewAt: renewalOf(role, askedAt, text) };
}

/** What the answer says of their end counts where that is sooner: some endpoints give less than was asked for. */
function renewalOf({ roleArn, durationSeconds }: AwsRole, askedAt: Date, xml: string): Date {
  const endMs = Date.parse(element(xml, 'Expiration') ?? '');
  const askedForMs = durationSeconds * 1000;
  const lifeMs = Number.isNaN(endMs) ? askedForMs : Math.min(askedForMs, endMs - askedAt.getTime());
  if (lifeMs > 0) return new Date(askedAt.getTime() + lifeMs * (1 - PART_LEFT));
  throw new AppError(
    'UNAVAILABLE',
    `AWS gave credentials for role ${roleArn} that are over already by the clock of this server: see that it is right`,
  );
}

function signable({ sessionToken, ...keys }: AwsCredentials) {
  return { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function requestUrl(endpoint: string, role: AwsRole): string {
  const url = new URL(endpoint);
  const tags = Object.entries(role.tags).flatMap(([name, value], at) => [
    [`Tags.member.${at + 1}.Key`, name],
    [`Tags.member.${at + 1}.Value`, value],
  ]);
  const parameters = {
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName,
    ExternalId: role.externalId,
    DurationSeconds: String(role.durationSeconds),
  };
  for (const [name, value] of [...Object.entries(parameters), ...tags]) url.searchParams.set(name ?? '', value ?? '');
  return url.href;
}

function parseCredentials(role: AwsRole, xml: string): AwsCredentials {
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) =>
    element(xml, name),
  );
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    throw new AppError('UNAVAILABLE', `AWS answered without credentials for role ${role.roleArn}; try again`);
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

// The answer is flat, and what is read from it has no characters that XML escapes.
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]{1,4096})</${name}>`).exec(xml)?.[1]?.trim();
}

/** A region that does not exist has an endpoint that does not exist. */
function unreachable({ roleArn, region }: AwsRole, cause: unknown): unknown {
  if (!(cause instanceof AppError) || cause.code !== 'UNAVAILABLE') return cause;
  return new AppError(
    'UNAVAILABLE',
    `AWS cannot be asked for role ${roleArn} in region ${region}: ${cause.message}; see that there is such a region, ` +
      'and that this server can reach it',
    { cause },
  );
}

// Clients of this API know the words about the trust relationship, and try again for a while: AWS takes its time.
function refused({ roleArn, externalId }: AwsRole, status: number, xml: string): AppError {
  const code = element(xml, 'Code')?.replaceAll(/[^\w.]/g, '') ?? `HTTP ${status}`;
  return new AppError(
    status >= 500 ? 'UNAVAILABLE' : 'PROVIDER_REFUSED',
    `AWS does not let this server take on role ${roleArn} (${code}): you need to configure trust relationship for it, ` +
      `naming the principal of the server's credentials and the external id ${externalId}`,
    { details: { aws: code } },
  );
}
