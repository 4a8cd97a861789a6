import type { Executor } from '../executor/index.ts';
import type { IssuerKeys } from './identity/issuer-keys.ts';
import type { Github } from './people/github.ts';
import type { PolicyCompiler, PolicyEngine } from '../policy/index.ts';
import type { ProviderCatalogue } from '../providers/index.ts';
import type { Caller, Origin } from '../shared/caller.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import type { Storage } from '../storage/database.ts';
import type { AwsSessions } from './cloud/aws-sessions.ts';
import type { IdentityTokens } from './cloud/identity-tokens.ts';
import type { FailureLimit } from './failure-limit.ts';

/** What the business rules stand on; built once by `main.ts`. */
export interface DomainContext {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policyCompiler: PolicyCompiler;
  readonly policyEngine: PolicyEngine;
  readonly providers: ProviderCatalogue;
  readonly executor: Executor;
  /** Takes on roles of AWS for projects. */
  readonly aws: AwsSessions;
  /** Says to others which project asks. */
  readonly identities: IdentityTokens;
  /** Raised whenever somebody's rights change: what was worked out under an older epoch is stale. */
  readonly rights: { epoch: number };
  /** Name of the account. */
  readonly account: string;
  /** Scheme, host and port without a trailing slash: the audience of tokens. */
  readonly publicUrl: string;
  /** Keys of other servers, whose tokens API keys may take. */
  readonly issuers: IssuerKeys;
  /** Vouches for members of an organisation at GitHub; absent where the operator named none. */
  readonly github?: Github | undefined;
  /** How long a personal access token may live. */
  readonly personalTokenDays: number;
  /** Failed exchanges of API keys. */
  readonly keyFailures: FailureLimit;
}

/** On whose behalf a rule is applied, and how the request came: for decisions, history and audit. */
export interface Request {
  readonly caller: Caller;
  readonly origin: Origin;
  /** Tells a caller who wants to know, while it waits, what is going on. Never fails, and nothing may depend on it. */
  readonly report?: Report | undefined;
}

export type Report = (message: string) => void;
