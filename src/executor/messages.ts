import type { ErrorCode, ErrorDetails } from '../shared/errors.ts';
import type { ProviderBinary, SchemaPart } from '../providers/index.ts';
import type { Executor, ProviderSession } from './executor.ts';

/** The calls that run in a provider session. */
export type SessionCall =
  | 'validateResource'
  | 'validateDataSource'
  | 'plan'
  | 'apply'
  | 'read'
  | 'importResource'
  | 'upgradeState'
  | 'readDataSource';

export type RequestOf<Name extends SessionCall> = Parameters<Executor[Name]>[1];
export type AnswerOf<Name extends SessionCall> = Awaited<ReturnType<Executor[Name]>>;

/** One call as it travels; the name says which request it carries. */
export type SessionRequest = { [Name in SessionCall]: { name: Name; request: RequestOf<Name> } }[SessionCall];

/** How the executor's process is set up, given on its command line: nothing secret. */
export interface ExecutorSettings {
  readonly maxProviders: number;
  readonly idleMs: number;
  /** For each thing that a fresh process must do before its first call. */
  readonly startTimeoutMs: number;
  readonly socketDir: string;
  readonly workDir: string;
  /** Each provider gets namespaces of its own, within those that the executor has. */
  readonly isolated: boolean;
}

/** What the server asks of the executor's process. */
export type ToExecutor =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly session: ProviderSession;
      readonly call: SessionRequest;
      readonly operationId: string | undefined;
      readonly group: string | undefined;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'validateProvider';
      readonly id: number;
      readonly session: ProviderSession;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'schema';
      readonly id: number;
      readonly binary: ProviderBinary;
      readonly environment: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'next'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number; readonly operationId: string }
  | { readonly kind: 'close'; readonly id: number };

/** What the executor's process answers. */
export type FromExecutor =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'part'; readonly id: number; readonly part: SchemaPart }
  | { readonly kind: 'started'; readonly pid: number; readonly folder: string }
  | { readonly kind: 'ended'; readonly pid: number }
  | { readonly kind: 'log'; readonly details: object; readonly message: string };

/** An AppError on its way between the two processes. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}
