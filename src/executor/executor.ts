import type { Problem } from '../shared/problems.ts';
import type { Logger } from '../shared/logger.ts';
import type {
  ApplyAnswer,
  ApplyRequest,
  ImportAnswer,
  ImportRequest,
  PlanAnswer,
  PlanRequest,
  ProviderBinary,
  ProviderSchema,
  ReadAnswer,
  ReadRequest,
  SchemaPart,
  StateAnswer,
  TypedConfig,
} from '../providers/index.ts';
import type { IsolationWish } from './isolation/choose-isolation.ts';
import type { Visibility } from './isolation/executor-world.ts';

export interface ExecutorOptions {
  /** Provider processes alive at once; a call that finds none free waits its time-out, a minute at most. */
  readonly maxProviders: number;
  /** After this long without a call a provider process is stopped. */
  readonly idleMs: number;
  /**
   * For an apply that brings no time-out of its own. It bounds the other calls too, which have five minutes at most, and
   * the steps of a provider's start, which have one.
   */
  readonly callTimeoutMs: number;
  /** Private folder for the sockets; made with mode 0700. A path too long for a socket is replaced by a temporary one. */
  readonly socketDir: string;
  /**
   * Where providers run, for the relative paths in their configurations: `work` in the socket folder if left out. With
   * `runAs` it must be a place which that user can reach.
   */
  readonly workDir?: string;
  /** User and group under which executor and providers run; only root may set it. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
  /** Whether executor and providers get namespaces of their own, and what they see there. Without it they get none. */
  readonly isolation?: Visibility & { readonly wish: IsolationWish };
  readonly logger: Logger;
}

/** A configured provider: calls with the same session share processes. */
export interface ProviderSession {
  readonly binary: ProviderBinary;
  /** MessagePack of the provider's own configuration. */
  readonly configuration: Uint8Array;
  /** All the environment that the provider gets, beside what the plugin handshake needs. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Contents of files by path. They lie in a private folder of the process as long as it lives; where a variable names
   * one as `/app/<path>` the provider gets the real place instead.
   */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Taken out of whatever the provider says. They do not leave this process. */
  readonly secrets?: readonly string[];
  /** Said where the provider refuses its configuration: what this session lacks that could be given. */
  readonly advice?: string;
  /** From the stored schema's capabilities; if not known to be true the provider is asked for its schema first. */
  readonly schemaOptional?: boolean;
}

export interface CallOptions {
  /** Names the operation, so that it can be cancelled. */
  readonly operationId?: string;
  /** Changes of one group may be applied at once in one process; other changes have a process for themselves. */
  readonly group?: string | undefined;
  readonly timeoutMs?: number;
}

interface Problems {
  readonly problems: Problem[];
}

/**
 * Runs providers in a process of their own. Values travel as MessagePack; what a provider has to say comes back as
 * problems. A provider that crashes, hangs or talks nonsense is AppError PROVIDER_FAILED, naming it and its version;
 * `details.mayHaveActed` tells whether something may have been changed nevertheless.
 */
export interface Executor {
  readonly isolation: 'none' | 'uid' | 'namespace';
  /** The whole schema at once: for small providers and for tools. A server hands types to the store one by one. */
  readSchema(binary: ProviderBinary, environment?: Readonly<Record<string, string>>): Promise<ProviderSchema>;
  /** Hands the schema over part by part, in order; the next part is read when the last one is dealt with. */
  streamSchema(
    binary: ProviderBinary,
    onPart: (part: SchemaPart) => Promise<void> | void,
    environment?: Readonly<Record<string, string>>,
  ): Promise<void>;
  validateProviderConfig(session: ProviderSession, call?: CallOptions): Promise<Problems>;
  validateResource(session: ProviderSession, request: TypedConfig, call?: CallOptions): Promise<Problems>;
  validateDataSource(session: ProviderSession, request: TypedConfig, call?: CallOptions): Promise<Problems>;
  plan(session: ProviderSession, request: PlanRequest, call?: CallOptions): Promise<PlanAnswer>;
  apply(session: ProviderSession, request: ApplyRequest, call?: CallOptions): Promise<ApplyAnswer>;
  read(session: ProviderSession, request: ReadRequest, call?: CallOptions): Promise<ReadAnswer>;
  importResource(session: ProviderSession, request: ImportRequest, call?: CallOptions): Promise<ImportAnswer>;
  upgradeState(session: ProviderSession, request: UpgradeRequest, call?: CallOptions): Promise<StateAnswer>;
  readDataSource(session: ProviderSession, request: TypedConfig, call?: CallOptions): Promise<StateAnswer>;
  /** Asks the provider that works for the operation to give up; its call then answers with what it has. */
  cancel(operationId: string): Promise<void>;
  close(): Promise<void>;
}

export interface UpgradeRequest {
  readonly type: string;
  readonly version: number;
  readonly stateJson: string;
}
