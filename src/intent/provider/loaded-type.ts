import type { ProviderSession } from '../../executor/index.ts';
import {
  type CtyType,
  decodeValue,
  encodeValue,
  impliedType,
  nullValue,
  type ProviderBinary,
  type ResourceSchema,
  type SchemaBlock,
  Unknown,
  type Value,
} from '../../providers/index.ts';
import { AppError } from '../../shared/errors.ts';
import { secretTexts } from '../plan/mask-secrets.ts';
import { secretsIn } from '../plan/redact.ts';

/** A resource or data-source type, ready to be worked with: its provider is installed and its schema is known. */
export interface LoadedType {
  readonly type: string;
  readonly binary: ProviderBinary;
  /** Schema of the provider's own configuration. */
  readonly provider: SchemaBlock;
  /** What its provider gets, but for credentials that end. */
  readonly session: ProviderSession;
  /** The session with credentials of which enough is left for a call; there is none outside of a project. */
  readonly freshSession?: () => Promise<ProviderSession>;
  readonly schema: ResourceSchema;
  /** The type that values of the schema have. */
  readonly valueType: CtyType;
  /** The provider wants to be asked before a resource is destroyed. */
  readonly planDestroy: boolean;
  /** Who is to believe each token that the project's providers find in a file, by its path. */
  readonly audiences?: Readonly<Record<string, string>>;
}

interface Program {
  readonly binary: ProviderBinary;
  readonly configuration: SchemaBlock;
  readonly planDestroy: boolean;
  readonly schemaOptional: boolean;
}

/** Puts together what is needed to work with a type; what its provider gets is for a project to say. */
export function loadedType(type: string, schema: ResourceSchema, program: Program): LoadedType {
  const { binary, configuration: provider, planDestroy, schemaOptional } = program;
  const session = { binary, configuration: nullValue, environment: {}, schemaOptional };
  return { type, binary, provider, session, schema, valueType: impliedType(schema.block), planDestroy };
}

/**
 * The session for one call, to be asked for anew for the next one: for a call that hands over these values, or makes them: whatever the provider says about it, also when it
 * fails, is told without what is secret in them.
 */
export async function sessionWith(loaded: LoadedType, values: readonly Value[]): Promise<ProviderSession> {
  const { schema, freshSession } = loaded;
  const session = freshSession === undefined ? loaded.session : await freshSession();
  const secrets = values.flatMap((value) => secretsIn(schema.block, value)).flatMap(secretTexts);
  return secrets.length === 0 ? session : { ...session, secrets: [...(session.secrets ?? []), ...secrets] };
}

export function encodeFor(loaded: LoadedType, value: Value): Uint8Array {
  return value === null ? nullValue : encodeValue(value, loaded.valueType);
}

/**
 * An object, or null for none. An unknown one is neither: taken for null it would be forgotten.
 *
 * @throws AppError PROVIDER_FAILED when the bytes do not fit the schema
 */
export function decodeFor(loaded: LoadedType, bytes: Uint8Array, type: CtyType = loaded.valueType): Value {
  try {
    const value = decodeValue(bytes, type);
    if (!(value instanceof Unknown)) return value;
    throw new AppError('PROVIDER_FAILED', 'the provider sent an unknown value in place of an object, or of none');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, details, message } = error;
    throw new AppError(code, message.replace(/^the provider/, providerName(loaded)), { details, cause: error });
  }
}

/** `provider hashicorp/time 0.14.2` */
export function providerName({ binary }: LoadedType): string {
  return `provider ${binary.address} ${binary.version}`;
}
