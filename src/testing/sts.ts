import type { AwsSessionsOptions } from '../domain/cloud/aws-sessions.ts';
import type { Clock } from '../shared/clock.ts';

const LIFE_MS = 900_000;

/** A session that was handed out. */
export interface HandedOut {
  readonly use: 'read' | 'write';
  readonly endsAt: Date;
}

/** AWS as far as it hands out sessions of roles: fifteen minutes each, by the test's own clock. */
export interface Sts {
  readonly outbound: AwsSessionsOptions['outbound'];
  /** By access key id. */
  readonly sessions: Map<string, HandedOut>;
  /** Lets nobody take on a role for this use. */
  refused: 'read' | 'write' | undefined;
  /** To how many more questions it answers that it is busy. */
  busy: number;
}

export function testSts(clock: Clock): Sts {
  const sts: Sts = {
    outbound: { get: (url) => Promise.resolve(answer(url)) },
    sessions: new Map(),
    refused: undefined,
    busy: 0,
  };
  const answer = (url: string): Awaited<ReturnType<Sts['outbound']['get']>> => {
    const use = new URL(url).searchParams.get('ExternalId')?.endsWith('write') === true ? 'write' : 'read';
    const refusal = '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>';
    if ((sts.busy -= 1) >= 0) return { status: 503, url, headers: {}, body: Buffer.from('busy') };
    if (sts.refused === use) return { status: 403, url, headers: {}, body: Buffer.from(refusal) };
    const id = `ASIA${use}${sts.sessions.size}`;
    const endsAt = new Date(clock.now().getTime() + LIFE_MS);
    sts.sessions.set(id, { use, endsAt });
    const text =
      `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>secret-${id}</SecretAccessKey>` +
      `<SessionToken>token-${id}</SessionToken><Expiration>${endsAt.toISOString()}</Expiration>`;
    return { status: 200, url, headers: {}, body: Buffer.from(text) };
  };
  return sts;
}
