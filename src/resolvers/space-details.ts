import { invariant } from '../shared/errors.ts';
import type { SpaceRecord } from '../domain/spaces/index.ts';
import type { ResolverContext } from './context.ts';

/** The space of an object that names it; the database's foreign key says that there is one. */
export async function spaceDetails(
  parent: { readonly space: string },
  _args: unknown,
  context: ResolverContext,
): Promise<SpaceRecord> {
  const space = await context.loaders.space.load(parent.space);
  invariant(space !== undefined, `space ${parent.space} of an object does not exist`);
  return space;
}
