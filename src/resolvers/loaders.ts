import DataLoader from 'dataloader';

import type { IntentReceipt } from '../../generated/resolvers.ts';
import type { DomainContext } from '../domain/context.ts';
import { findGroups, findUsersWith, type GroupRecord, type UserRecord } from '../domain/people/index.ts';
import { findPolicies, type PolicyRecord } from '../domain/policies/index.ts';
import { findProjects, type ProjectRecord } from '../domain/projects/index.ts';
import type { Intent } from '../intent/index.ts';
import { findSpaces, type SpaceRecord } from '../domain/spaces/index.ts';

/** Objects by id, fetched in batches and at most once for each operation. Access is decided by whoever asks. */
export interface Loaders {
  readonly space: DataLoader<string, SpaceRecord | undefined>;
  readonly policy: DataLoader<string, PolicyRecord | undefined>;
  readonly project: DataLoader<string, ProjectRecord | undefined>;
  readonly user: DataLoader<string, UserRecord | undefined>;
  readonly userGroup: DataLoader<string, GroupRecord | undefined>;
  readonly receipts: DataLoader<OperationName, IntentReceipt[], string>;
}

interface OperationName {
  readonly id: string;
  readonly intentProject: string;
}

export function createLoaders(domain: DomainContext, intent: Intent): Loaders {
  return {
    space: batched((ids) => findSpaces(domain, ids)),
    policy: batched((ids) => findPolicies(domain, ids)),
    project: batched((ids) => findProjects(domain, ids)),
    user: batched((ids) => findUsersWith(domain, ids)),
    userGroup: batched((ids) => findGroups(domain, ids)),
    receipts: new DataLoader((names) => receiptsOf(intent, names), { cacheKeyFn: ({ id }) => id }),
  };
}

function batched<T extends { readonly id: string }>(
  find: (ids: readonly string[]) => Promise<readonly T[]>,
): DataLoader<string, T | undefined> {
  return new DataLoader(async (ids) => {
    const found = new Map((await find(ids)).map((record) => [record.id, record]));
    return ids.map((id) => found.get(id));
  });
}

async function receiptsOf(intent: Intent, names: readonly OperationName[]): Promise<IntentReceipt[][]> {
  const projects = Map.groupBy(names, ({ intentProject }) => intentProject);
  const found = new Map<string, IntentReceipt[]>();
  for (const [project, some] of projects) {
    const receipts = await intent.receiptsOf(
      project,
      some.map(({ id }) => id),
    );
    for (const [at, { id }] of some.entries()) found.set(id, receipts[at] ?? []);
  }
  return names.map(({ id }) => found.get(id) ?? []);
}
