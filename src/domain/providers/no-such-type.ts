import { type AppError, badInput } from '../../shared/errors.ts';
import { suggestName } from '../../shared/suggest-name.ts';
import { type BinaryKey, findTypes, type SchemaKind } from '../../storage/provider-schemas.ts';
import type { DomainContext } from '../context.ts';

/** The refusal of a type that a provider does not have, with the one that was probably meant. */
export async function noSuchType(
  context: DomainContext,
  program: BinaryKey,
  kind: SchemaKind,
  type: string,
): Promise<AppError> {
  const near = suggestName(type, await context.storage.read((db) => findTypes(db, program, kind, [])));
  const noun = kind === 'RESOURCE' ? 'resource type' : 'data source';
  const hint = near === undefined ? "ask for the provider's types" : `did you mean ${near}?`;
  return badInput('type', `${program.address} ${program.version} has no ${noun} ${JSON.stringify(type)}; ${hint}`);
}
