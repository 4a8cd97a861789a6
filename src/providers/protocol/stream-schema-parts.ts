import { invariant } from '../../shared/errors.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import type { ResourceSchema, SchemaPart } from '../schema/resource-schema.ts';
import { convertCapabilities, convertSchema } from './convert-schema.ts';
import { convertDiagnostics } from './convert-diagnostics.ts';
import type { WireSchema } from './messages.ts';
import type { ProviderChannel } from './provider-channel.ts';

/**
 * Reads the whole schema in one call, which is all the protocol offers, and decodes it one type at a time: the bytes of
 * 1,500 types are tens of megabytes, as objects they would be hundreds.
 */
export async function streamSchemaParts(
  channel: ProviderChannel,
  onPart: (part: SchemaPart) => Promise<void>,
  limits: { timeoutMs: number },
): Promise<{ problems: Problem[] }> {
  const answer = await channel.call('getSchema', {}, limits);
  const problems = convertDiagnostics(answer.diagnostics);
  if (errorsOf(problems).length > 0) return { problems };
  const decode = (bytes: Uint8Array): ResourceSchema =>
    convertSchema(parseSchema(channel.definitions.schema.deserialize(Buffer.from(bytes))));
  const serverCapabilities = convertCapabilities(answer.server_capabilities);
  await onPart({ kind: 'provider', block: decode(answer.provider).block, serverCapabilities });
  for (const [type, bytes] of Object.entries(answer.resource_schemas)) {
    await onPart({ kind: 'resource', type, schema: decode(bytes) });
  }
  for (const [type, bytes] of Object.entries(answer.data_source_schemas)) {
    await onPart({ kind: 'dataSource', type, schema: decode(bytes) });
  }
  return { problems };
}

// The .proto file says what a schema looks like; this is where that is taken as the type.
function parseSchema(message: object): WireSchema {
  invariant('version' in message && 'block' in message, 'a schema message without its fields');
  return message as WireSchema;
}
