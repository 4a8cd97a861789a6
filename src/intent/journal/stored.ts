import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { invariant } from '../../shared/errors.ts';

// What is stored sealed: JSON text as bytes. Written and read here and nowhere else.

/** What was asked for, so that an operation can go on without its caller. */
export interface StoredRequest {
  readonly config: Json | undefined;
  readonly importID: string | undefined;
  readonly importIdentity?: Json | undefined;
  readonly providerAlias: string | undefined;
  /** The earlier operation whose configuration is asked for again. */
  readonly rollbackOf?: string | undefined;
  /** Of an import: what the object was found with, as a configuration to go back to. */
  readonly found?: Json | undefined;
  /** Where write-only arguments were given that are no longer in the configuration. */
  readonly withheld?: readonly Path[] | undefined;
  /** Where the configuration holds what nobody may see; unknown where it is absent. */
  readonly hidden?: readonly Path[] | undefined;
}

export type Path = readonly (string | number)[];

/** An object's state in both forms: exact for the same program, JSON for a newer one to upgrade; and what may be shown. */
export interface StoredState {
  /** Hash of the program that the MessagePack form belongs to. */
  readonly sha256: string;
  readonly msgpack: Uint8Array;
  readonly json: string;
  readonly shown: Shown;
  /** MessagePack of what names the object for good, and the same to be shown. */
  readonly identity?: Uint8Array | undefined;
  readonly shownIdentity?: Json;
}

/** What of an object may be shown. */
export interface Shown {
  readonly value: Json;
  readonly redacted: readonly string[];
}

export interface StoredPlan {
  /** Key of the digest: without it a digest could be used to guess a secret in the plan. */
  readonly salt: string;
  readonly shown: ShownPlan;
  /** MessagePack of the planned object, and the provider's notes: an interrupted creation may be found again by them. */
  readonly planned: Uint8Array;
  readonly plannedPrivate: Uint8Array;
  readonly sha256: string;
  /** Digest of the object that the plan starts from; only in change sets. */
  readonly priorDigest?: string | undefined;
  /** Nothing in the configuration was left to be known later; only in change sets. */
  readonly isWhole?: boolean;
}

export interface ShownPlan {
  readonly action: string;
  readonly before: Json;
  readonly after: Json;
  readonly afterUnknown: readonly string[];
  readonly replacePaths: readonly string[];
  readonly redacted: readonly string[];
}

export interface StoredResult {
  readonly outcome: string;
  readonly message: string;
  readonly state: Json;
  readonly redacted: readonly string[];
}

interface BytesBox {
  readonly base64: string;
}

/** Bytes of a record: binary parts become base64. */
export function packRecord(record: object): Uint8Array {
  return Buffer.from(
    JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
      const original = this[key];
      return original instanceof Uint8Array ? box(original) : value;
    }),
  );
}

function box(bytes: Uint8Array): BytesBox {
  return { base64: Buffer.from(bytes).toString('base64') };
}

export function readRequest(bytes: Uint8Array | undefined): StoredRequest {
  const record = parse(bytes);
  return {
    config: record['config'],
    importID: textOf(record['importID']),
    importIdentity: record['importIdentity'],
    providerAlias: textOf(record['providerAlias']),
    rollbackOf: textOf(record['rollbackOf']),
    found: record['found'],
    withheld: paths(record['withheld']),
    hidden: paths(record['hidden']),
  };
}

/** The arguments of a provider's configuration. */
export function readConfig(bytes: Uint8Array): JsonObject {
  const { config } = readRequest(bytes);
  invariant(isJsonObject(config), 'a stored configuration is an object');
  return config;
}

export function readState(bytes: Uint8Array | undefined): Omit<StoredState, 'shown'> | undefined {
  if (bytes === undefined) return undefined;
  const record = parse(bytes);
  return {
    sha256: text(record, 'sha256'),
    msgpack: unbox(record, 'msgpack'),
    json: text(record, 'json'),
    identity: record['identity'] === undefined ? undefined : unbox(record, 'identity'),
  };
}

/** What names an object for good, as it may be shown. */
export function readIdentity(bytes: Uint8Array | undefined): Json {
  return parse(bytes)['shownIdentity'] ?? null;
}

/** What may be shown of a state or a configuration. */
export function readShown(bytes: Uint8Array | undefined): Shown {
  if (bytes === undefined) return { value: null, redacted: [] };
  const shown = parse(bytes)['shown'];
  invariant(isJsonObject(shown), 'a stored object has its shown form');
  return { value: shown['value'] ?? null, redacted: texts(shown, 'redacted') };
}

export function readPlan(bytes: Uint8Array | undefined): StoredPlan | undefined {
  if (bytes === undefined) return undefined;
  const record = parse(bytes);
  const shown = record['shown'];
  invariant(isJsonObject(shown), 'a stored plan has its shown form');
  return {
    salt: text(record, 'salt'),
    planned: unbox(record, 'planned'),
    plannedPrivate: unbox(record, 'plannedPrivate'),
    sha256: text(record, 'sha256'),
    priorDigest: textOf(record['priorDigest']),
    isWhole: record['isWhole'] !== false,
    shown: {
      action: text(shown, 'action'),
      before: shown['before'] ?? null,
      after: shown['after'] ?? null,
      afterUnknown: texts(shown, 'afterUnknown'),
      replacePaths: texts(shown, 'replacePaths'),
      redacted: texts(shown, 'redacted'),
    },
  };
}

export function readResult(bytes: Uint8Array | undefined): StoredResult | undefined {
  if (bytes === undefined) return undefined;
  const record = parse(bytes);
  return {
    outcome: text(record, 'outcome'),
    message: text(record, 'message'),
    state: record['state'] ?? null,
    redacted: texts(record, 'redacted'),
  };
}

function parse(bytes: Uint8Array | undefined): JsonObject {
  const record: unknown = JSON.parse(Buffer.from(bytes ?? Buffer.from('{}')).toString());
  invariant(isJsonObject(record), 'a stored record is an object');
  return record;
}

function text(record: JsonObject, key: string): string {
  const value = record[key];
  invariant(typeof value === 'string', `a stored record has the text ${key}`);
  return value;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function paths(value: Json | undefined): Path[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value
    .filter((path: Json) => Array.isArray(path))
    .map((path) => path.filter((step) => typeof step === 'string' || typeof step === 'number'));
}

function texts(record: JsonObject, key: string): string[] {
  const list = record[key];
  return Array.isArray(list) ? list.filter((each: unknown) => typeof each === 'string') : [];
}

function unbox(record: JsonObject, key: string): Uint8Array {
  const boxed = record[key];
  invariant(isJsonObject(boxed), `a stored record has the bytes ${key}`);
  return Buffer.from(text(boxed, 'base64'), 'base64');
}
