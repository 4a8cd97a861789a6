import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findAwsAttachedSpaces } from '../../storage/aws.ts';
import { findAttachedSpaces } from '../../storage/policies.ts';
import { findSpaces, type SpaceRow } from '../../storage/spaces.ts';

/**
 * What lives in a space may use what lives there and, while each hop inherits, in the spaces above. To be called at the
 * end of a transaction that attaches something or moves one of the two.
 *
 * @throws CONFLICT naming the policy and the project that would no longer fit
 */
export async function checkAttachments(db: Db): Promise<void> {
  const attached = await findAttached(db);
  if (attached.length === 0) return;
  const spaces = new Map((await findSpaces(db)).map((space) => [space.id, space]));
  const stray = attached.find(({ space, projectSpace }) => !usableIn(spaces, projectSpace).includes(space));
  if (stray === undefined) return;
  const { what, space, project, projectSpace } = stray;
  throw new AppError(
    'CONFLICT',
    `${what} of space ${space} cannot be used by project ${project} in space ${projectSpace}: ` +
      'a project uses what is in its own space and in the spaces that it inherits from',
    { details: { space, project, projectSpace } },
  );
}

interface Attached {
  /** For a message. */
  readonly what: string;
  readonly space: string;
  readonly project: string;
  readonly projectSpace: string;
}

async function findAttached(db: Db): Promise<Attached[]> {
  const policies = await findAttachedSpaces(db);
  const integrations = await findAwsAttachedSpaces(db);
  return [
    ...policies.map(({ policyName, policySpace: space, ...project }) => ({
      ...project,
      space,
      what: `policy ${JSON.stringify(policyName)}`,
    })),
    ...integrations.map(({ integrationName, integrationSpace: space, ...project }) => ({
      ...project,
      space,
      what: `AWS integration ${JSON.stringify(integrationName)}`,
    })),
  ];
}

/** The space itself and those above it that it inherits from. */
export function usableIn(spaces: ReadonlyMap<string, SpaceRow>, space: string): string[] {
  const usable = [space];
  for (let at = spaces.get(space); at?.inheritEntities === true && at.parentSpace !== undefined;) {
    usable.push(at.parentSpace);
    at = spaces.get(at.parentSpace);
  }
  return usable;
}
