import {
  conform,
  type CtyType,
  decodeValue,
  encodeValue,
  type IdentitySchema,
  impliedType,
  type SchemaBlock,
  valueToPlain,
} from '../../providers/index.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { errorsOf, formatProblem } from '../../shared/problems.ts';
import { decodeFor, type LoadedType, providerName } from './loaded-type.ts';

/** What the provider is told of the object that an import means: its id, or its identity. */
export interface ImportTarget {
  readonly id: string;
  readonly identity: Uint8Array | undefined;
  /** For messages. */
  readonly shown: string;
}

/** @throws BAD_INPUT when the type has no identity, or another one */
export function importTarget(
  loaded: LoadedType,
  importID: string | undefined,
  identity: Json | undefined,
): ImportTarget {
  if (identity === undefined) {
    const id = importID ?? '';
    return { id, identity: undefined, shown: `the id ${JSON.stringify(id)}; check importID` };
  }
  const shown = `the identity ${JSON.stringify(identity)}; check importIdentity`;
  return { id: '', identity: encodeIdentity(loaded, identity), shown };
}

function encodeIdentity(loaded: LoadedType, json: Json): Uint8Array {
  const { identity } = loaded.schema;
  if (identity === undefined) {
    const what = `${loaded.type} of ${providerName(loaded)} has no identity; give importID instead`;
    throw badInput('importIdentity', what);
  }
  if (!isJsonObject(json)) throw badInput('importIdentity', 'must be an object');
  const { value, problems } = conform(json, blockOf(identity));
  const misfits = errorsOf(problems);
  if (misfits.length > 0) throw misfit(loaded, misfits.map(formatProblem));
  return encodeValue(value, typeOf(identity));
}

function misfit({ type }: LoadedType, lines: readonly string[]): AppError {
  const listed = lines.map((line) => `- importIdentity.${line}`);
  return new AppError('BAD_INPUT', [`importIdentity does not name a ${type}:`, ...listed].join('\n'), {
    details: { field: 'importIdentity' },
  });
}

/**
 * The identity that an answer brings, as it may be kept.
 *
 * @throws AppError PROVIDER_FAILED when it is not of the type's form: kept, it could never be shown or sent again
 */
export function identityFrom(loaded: LoadedType, answered: Uint8Array | undefined): Uint8Array | undefined {
  const { identity } = loaded.schema;
  if (answered !== undefined && identity !== undefined) decodeFor(loaded, answered, typeOf(identity));
  return answered;
}

/** An identity as it is shown: without what the type calls sensitive elsewhere. */
export function plainIdentity({ schema }: LoadedType, identity: Uint8Array): Json {
  if (schema.identity === undefined) return null;
  const plain = valueToPlain(decodeValue(identity, typeOf(schema.identity)));
  const secret = new Set(schema.block.attributes.filter(({ sensitive }) => sensitive).map(({ name }) => name));
  if (!isJsonObject(plain)) return null;
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, secret.has(name) ? null : value]));
}

function typeOf(identity: IdentitySchema): CtyType {
  return impliedType(blockOf(identity));
}

function blockOf({ attributes }: IdentitySchema): SchemaBlock {
  const flags = { computed: false, sensitive: false, writeOnly: false, deprecated: false };
  return {
    attributes: attributes.map((each) => ({ ...flags, ...each, optional: !each.required })),
    blocks: [],
    description: '',
    deprecated: false,
  };
}
