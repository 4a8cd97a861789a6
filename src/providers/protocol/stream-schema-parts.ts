import { invariant } from '../../shared/errors.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import type { ResourceSchema, SchemaPart } from '../schema/resource-schema.ts';
import { badSchema, convertCapabilities, convertIdentity, convertName, convertSchema } from './convert-schema.ts';
import { convertDiagnostics } from './convert-diagnostics.ts';
import type { WireIdentitySchema, WireSchema } from './messages.ts';
import { ProviderCallError } from './provider-call-error.ts';
import type { ProviderChannel } from './provider-channel.ts';

/**
 * Reads the whole schema in one call, which is all the protocol offers, and decodes it one type at a time: the bytes of
 * 1,500 types are tens of megabytes, as objects they would be hundreds.
 */
export async function streamSchemaParts(
  channel: Pick<ProviderChannel, 'call' | 'definitions'>,
  onPart: (part: SchemaPart) => Promise<void>,
  limits: { timeoutMs: number },
): Promise<{ problems: Problem[] }> {
  const answer = await channel.call('getSchema', {}, limits);
  const problems = convertDiagnostics(answer.diagnostics);
  if (errorsOf(problems).length > 0) return { problems };
  const decode = (bytes: Uint8Array): ResourceSchema => convertSchema(decodeSchema(channel.definitions.schema, bytes));
  const serverCapabilities = convertCapabilities(answer.server_capabilities);
  await onPart({ kind: 'provider', block: decode(answer.provider).block, serverCapabilities });
  const identities = await readIdentities(channel, limits);
  for (const [type, bytes] of Object.entries(answer.resource_schemas)) {
    const identity = Object.hasOwn(identities, type) ? identities[type] : undefined;
    const schema = decode(bytes);
    const whole = identity === undefined ? schema : { ...schema, identity: convertIdentity(identity) };
    await onPart({ kind: 'resource', type: convertName(type), schema: whole });
  }
  for (const [type, bytes] of Object.entries(answer.data_source_schemas)) {
    await onPart({ kind: 'dataSource', type: convertName(type), schema: decode(bytes) });
  }
  return { problems };
}

/** Most providers know nothing of identities, and one that fails to tell them can be used without. */
async function readIdentities(
  channel: Pick<ProviderChannel, 'call' | 'definitions'>,
  limits: { timeoutMs: number },
): Promise<Readonly<Record<string, WireIdentitySchema | null>>> {
  try {
    const answer = await channel.call('identitySchemas', {}, limits);
    return errorsOf(convertDiagnostics(answer.diagnostics)).length > 0 ? {} : answer.identity_schemas;
  } catch (error) {
    if (error instanceof ProviderCallError && error.reason === 'UNSUPPORTED') return {};
    throw error;
  }
}

/** @throws AppError PROVIDER_FAILED for bytes that are no schema */
function decodeSchema({ deserialize }: ProviderChannel['definitions']['schema'], bytes: Uint8Array): WireSchema {
  let message: object;
  try {
    message = deserialize(Buffer.from(bytes));
  } catch (cause) {
    throw badSchema('the description of a type is damaged', cause);
  }
  return parseSchema(message);
}

// The .proto file says what a schema looks like; this is where that is taken as the type.
function parseSchema(message: object): WireSchema {
  invariant('version' in message && 'block' in message, 'a schema message without its fields');
  return message as WireSchema;
}
