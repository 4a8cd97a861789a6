import type { Problem } from '../../shared/problems.ts';
import type { SchemaPart } from '../schema/resource-schema.ts';
import { nullValue } from '../values/index.ts';
import type { PluginCertificate } from '../plugin-certificate.ts';
import { convertDeferral, convertDiagnostics, convertPath } from './convert-diagnostics.ts';
import { streamSchemaParts } from './stream-schema-parts.ts';
import type { Handshake } from './handshake.ts';
import { loadProtocol } from './load-protocol.ts';
import { ProviderCallError } from './provider-call-error.ts';
import type { ChannelOptions, ProviderChannel } from './provider-channel.ts';
import type { CallName, WireDeferred, WireDynamic, WireIdentity, WirePath } from './messages.ts';

/** Values are MessagePack in and out; the null value stands for an object that is not there. */
export interface ProviderConnection {
  readonly protocol: 5 | 6;
  /** Hands over the schema part by part and keeps none of it. */
  readSchema(onPart: (part: SchemaPart) => Promise<void>, limits: Limits): Promise<{ problems: Problem[] }>;
  /** Has the provider build its schema, for those that cannot work before; the answer is dropped. */
  primeSchema(limits: Limits): Promise<void>;
  validateProvider(r: { config: Uint8Array }, limits: Limits): Promise<{ problems: Problem[] }>;
  configure(r: { config: Uint8Array }, limits: Limits): Promise<{ problems: Problem[] }>;
  validateResource(r: TypedConfig, limits: Limits): Promise<{ problems: Problem[] }>;
  validateDataSource(r: TypedConfig, limits: Limits): Promise<{ problems: Problem[] }>;
  plan(r: PlanRequest, limits: Limits): Promise<PlanAnswer>;
  apply(r: ApplyRequest, limits: Limits): Promise<ApplyAnswer>;
  read(r: ReadRequest, limits: Limits): Promise<ReadAnswer>;
  importResource(r: ImportRequest, limits: Limits): Promise<ImportAnswer>;
  upgradeState(r: { type: string; version: number; stateJson: string }, limits: Limits): Promise<StateAnswer>;
  readDataSource(r: TypedConfig, limits: Limits): Promise<StateAnswer>;
  /** Asks the provider to give up what it is doing; the calls under way then answer with what they have. */
  stop(limits: Limits): Promise<void>;
  /** Hands over what the provider's own code prints, as long as it lives. */
  readOutput(onText: (text: string) => void): void;
  /** Asks the process to end; it may be gone before this returns. */
  shutdown(timeoutMs: number): Promise<void>;
  close(): void;
}

export interface Limits {
  readonly timeoutMs: number;
}

export interface TypedConfig {
  readonly type: string;
  readonly config: Uint8Array;
}

export interface PlanRequest extends TypedConfig {
  readonly prior: Uint8Array;
  readonly proposed: Uint8Array;
  readonly priorPrivate: Uint8Array;
  readonly priorIdentity?: Identity;
}

/** MessagePack of what names an object for good; absent where its type has no identity, or none is known. */
type Identity = Uint8Array | undefined;

export interface ImportRequest {
  readonly type: string;
  /** Empty where the object is named by its identity. */
  readonly id: string;
  readonly identity?: Identity;
}

export interface PlanAnswer {
  readonly planned: Uint8Array;
  readonly requiresReplace: (string | number)[][];
  readonly plannedPrivate: Uint8Array;
  readonly plannedIdentity?: Identity;
  readonly legacyTypeSystem: boolean;
  readonly problems: Problem[];
}

export interface ApplyRequest extends TypedConfig {
  readonly prior: Uint8Array;
  readonly planned: Uint8Array;
  readonly plannedPrivate: Uint8Array;
  readonly plannedIdentity?: Identity;
}

export interface ApplyAnswer {
  /** Undefined when the provider answered without any state, which is not the same as a null state. */
  readonly state: Uint8Array | undefined;
  readonly private: Uint8Array;
  readonly identity?: Identity;
  readonly legacyTypeSystem: boolean;
  readonly problems: Problem[];
}

export interface ReadRequest {
  readonly type: string;
  readonly state: Uint8Array;
  readonly private: Uint8Array;
  readonly identity?: Identity;
}

export interface ReadAnswer {
  /** The null value when the object is gone. */
  readonly state: Uint8Array;
  readonly private: Uint8Array;
  readonly identity?: Identity;
  readonly problems: Problem[];
}

export interface ImportAnswer {
  readonly imported: readonly ImportedObject[];
  readonly problems: Problem[];
}

export interface ImportedObject {
  readonly type: string;
  readonly state: Uint8Array;
  readonly private: Uint8Array;
  readonly identity?: Identity;
}

export interface StateAnswer {
  readonly state: Uint8Array;
  readonly problems: Problem[];
}

// A deferred answer would be a plan for another time, which nothing here could keep; write-only attributes we keep out of state ourselves.
const CAPABILITIES = { deferral_allowed: false, write_only_attributes_allowed: true };

// Providers look at the version of their caller to refuse very old ones.
const TERRAFORM_VERSION = '1.11.4';

/** Loads what the first connection will need, so that it does not wait for it. */
export async function preloadProtocol(): Promise<void> {
  await Promise.all([import('./provider-channel.ts'), loadProtocol(5), loadProtocol(6)]);
}

/** Connects to a process that has shaken hands. Nothing is sent before the first call. */
export async function connectProvider(
  handshake: Handshake,
  own: PluginCertificate,
  options: ChannelOptions,
): Promise<ProviderConnection> {
  // loaded when first needed: the server imports this folder and never speaks to a provider itself
  const channels = await import('./provider-channel.ts');
  const definitions = await loadProtocol(handshake.protocol);
  return connectionOver(new channels.ProviderChannel(handshake, own, definitions, options), handshake.protocol);
}

/** What a connection needs of its channel. */
export type CallChannel = Pick<ProviderChannel, 'call' | 'definitions' | 'readOutput' | 'shutdown' | 'close'>;

/** Makes typed answers of what comes over the wire. */
export function connectionOver(channel: CallChannel, protocol: Handshake['protocol']): ProviderConnection {
  return {
    protocol,
    readSchema: (onPart, limits) => streamSchemaParts(channel, onPart, limits),
    primeSchema: async (limits) => void (await channel.call('getSchema', {}, limits)),
    ...configurationCalls(channel),
    ...resourceCalls(channel),
    ...stateCalls(channel),
    stop: async (limits) => void (await channel.call('stop', {}, limits)),
    readOutput: (onText) => channel.readOutput(onText),
    shutdown: (timeoutMs) => channel.shutdown(timeoutMs),
    close: () => channel.close(),
  };
}

type Calls<Names extends keyof ProviderConnection> = Pick<ProviderConnection, Names>;

function configurationCalls(
  channel: CallChannel,
): Calls<'validateProvider' | 'configure' | 'validateResource' | 'validateDataSource'> {
  const client_capabilities = CAPABILITIES;
  return {
    validateProvider: async (r, limits) =>
      problemsOf(await channel.call('validateProvider', { config: dynamic(r.config) }, limits)),
    configure: async (r, limits) => {
      const request = { terraform_version: TERRAFORM_VERSION, config: dynamic(r.config), client_capabilities };
      return problemsOf(await channel.call('configure', request, limits));
    },
    validateResource: async (r, limits) => {
      const request = { type_name: r.type, config: dynamic(r.config), client_capabilities };
      return problemsOf(await channel.call('validateResource', request, limits));
    },
    validateDataSource: async (r, limits) => {
      const request = { type_name: r.type, config: dynamic(r.config) };
      return problemsOf(await channel.call('validateDataSource', request, limits));
    },
  };
}

function resourceCalls(channel: CallChannel): Calls<'plan' | 'apply'> {
  return {
    plan: async (r, limits) => {
      const request = {
        type_name: r.type,
        prior_state: dynamic(r.prior),
        proposed_new_state: dynamic(r.proposed),
        config: dynamic(r.config),
        prior_private: r.priorPrivate,
        client_capabilities: CAPABILITIES,
        prior_identity: packIdentity(r.priorIdentity),
      };
      const answer = await channel.call('plan', request, limits);
      return {
        planned: packed('plan', answer.planned_state) ?? nullValue,
        requiresReplace: convertPaths('plan', answer.requires_replace),
        plannedPrivate: answer.planned_private,
        plannedIdentity: readIdentity('plan', answer.planned_identity),
        legacyTypeSystem: answer.legacy_type_system,
        ...problemsOf(answer),
      };
    },
    apply: async (r, limits) => {
      const request = {
        type_name: r.type,
        prior_state: dynamic(r.prior),
        planned_state: dynamic(r.planned),
        config: dynamic(r.config),
        planned_private: r.plannedPrivate,
        planned_identity: packIdentity(r.plannedIdentity),
      };
      const answer = await channel.call('apply', request, limits);
      return {
        state: packed('apply', answer.new_state),
        private: answer.private,
        identity: readIdentity('apply', answer.new_identity),
        legacyTypeSystem: answer.legacy_type_system,
        ...problemsOf(answer),
      };
    },
  };
}

function stateCalls(channel: CallChannel): Calls<'read' | 'importResource' | 'upgradeState' | 'readDataSource'> {
  return {
    read: async (r, limits) => {
      const request = {
        type_name: r.type,
        current_state: dynamic(r.state),
        private: r.private,
        client_capabilities: CAPABILITIES,
        current_identity: packIdentity(r.identity),
      };
      const answer = await channel.call('read', request, limits);
      const identity = readIdentity('read', answer.new_identity);
      const state = packed('read', answer.new_state) ?? nullValue;
      return { state, private: answer.private, identity, ...problemsOf(answer) };
    },
    importResource: async (r, limits) => {
      const request = {
        type_name: r.type,
        id: r.id,
        client_capabilities: CAPABILITIES,
        identity: packIdentity(r.identity),
      };
      const answer = await channel.call('import', request, limits);
      const imported = answer.imported_resources.map((found) => ({
        type: found.type_name,
        state: packed('import', found.state) ?? nullValue,
        private: found.private,
        identity: readIdentity('import', found.identity),
      }));
      return { imported, ...problemsOf(answer) };
    },
    upgradeState: async (r, limits) => {
      const request = { type_name: r.type, version: r.version, raw_state: { json: Buffer.from(r.stateJson) } };
      const answer = await channel.call('upgrade', request, limits);
      return { state: packed('upgrade', answer.upgraded_state) ?? nullValue, ...problemsOf(answer) };
    },
    readDataSource: async (r, limits) => {
      const request = { type_name: r.type, config: dynamic(r.config), client_capabilities: CAPABILITIES };
      const answer = await channel.call('readDataSource', request, limits);
      return { state: packed('readDataSource', answer.state) ?? nullValue, ...problemsOf(answer) };
    },
  };
}

// Each is compared and kept: so many are no plan but an attack.
const MAX_REPLACE_PATHS = 10_000;

function convertPaths(call: CallName, paths: readonly WirePath[]): (string | number)[][] {
  if (paths.length <= MAX_REPLACE_PATHS) return paths.map(convertPath);
  throw new ProviderCallError(call, 'BROKEN', `it named ${paths.length} paths that force a replacement`);
}

function dynamic(msgpack: Uint8Array): WireDynamic {
  return { msgpack };
}

// A provider may answer in JSON by the protocol's letter; none does, and JSON cannot hold unknown values.
function packed(call: CallName, answer: WireDynamic | null): Uint8Array | undefined {
  if (answer?.msgpack !== undefined && answer.msgpack.length > 0) return answer.msgpack;
  if (answer?.json === undefined || answer.json.length === 0) return undefined;
  throw new ProviderCallError(call, 'BROKEN', 'it answered in JSON in place of MessagePack');
}

function packIdentity(identity: Uint8Array | undefined): WireIdentity | undefined {
  return identity === undefined ? undefined : { identity_data: dynamic(identity) };
}

function readIdentity(call: CallName, answer: WireIdentity | null): Uint8Array | undefined {
  return answer === null ? undefined : packed(call, answer.identity_data);
}

interface Said {
  readonly diagnostics: Parameters<typeof convertDiagnostics>[0];
  readonly deferred?: WireDeferred | null;
}

function problemsOf({ diagnostics, deferred = null }: Said): { problems: Problem[] } {
  return { problems: [...convertDiagnostics(diagnostics), ...convertDeferral(deferred)] };
}
