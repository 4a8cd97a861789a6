import { findProject } from '../../storage/projects.ts';
import type { DomainContext } from '../context.ts';
import type { WorkloadIdentity } from './identity-tokens.ts';

/** Files with tokens that say which project asks. */
export interface MountedTokens {
  /** Contents by path below the place where files are mounted. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Values that may not be shown, in text of a provider either. */
  readonly secrets: readonly string[];
  /** From then on they are to be asked for anew; undefined when there are none. */
  readonly renewAt: Date | undefined;
}

/** @param audiences who is to believe each token, by the path of its file */
export async function mountedTokens(
  { storage, identities }: DomainContext,
  audiences: Readonly<Record<string, string>>,
  { project: id, use }: Pick<WorkloadIdentity, 'project' | 'use'>,
): Promise<MountedTokens> {
  const wanted = Object.entries(audiences);
  const project = wanted.length === 0 ? undefined : await storage.read((db) => findProject(db, id));
  if (project === undefined) return { files: {}, secrets: [], renewAt: undefined };
  const { space } = project;
  const made = await Promise.all(
    wanted.map(async ([path, audience]) => ({
      path,
      ...(await identities.tokenFor({ project: id, space, use, audience })),
    })),
  );
  return {
    files: Object.fromEntries(made.map(({ path, token }) => [path, Buffer.from(token)])),
    secrets: made.map(({ token }) => token),
    renewAt: soonest(made.map(({ renewAt }) => renewAt)),
  };
}

/** Of several, the one that comes first. */
export function soonest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.filter((time) => time !== undefined).toSorted((a, b) => a.getTime() - b.getTime())[0];
}
