import type { Noun } from '../../generated/access.ts';
import { findAwsIntegration } from '../domain/cloud/index.ts';
import { spaceOfAttachment } from '../domain/policies/index.ts';
import { spaceOfRoleBinding } from '../domain/identity/index.ts';
import { projectPlace } from '../shared/caller.ts';
import type { ResolverContext } from './context.ts';

/** For each noun that the access directives name: the place of an object; undefined when there is none. */
export type SpaceOf = {
  readonly [N in Noun]: (context: ResolverContext, id: string) => Promise<string | undefined>;
};

export const spaceOf: SpaceOf = {
  apiKeyRoleBinding: (context, id) => spaceOfRoleBinding(context.domain, 'API_KEY', id),
  awsIntegration: async (context, id) => (await findAwsIntegration(context.domain, id))?.space,
  intentProject: async (context, id) => {
    const project = await context.loaders.project.load(id);
    return project && projectPlace(project);
  },
  policy: async (context, id) => (await context.loaders.policy.load(id))?.space,
  policyProjectAttachment: (context, id) => spaceOfAttachment(context.domain, id),
  userGroupRoleBinding: (context, id) => spaceOfRoleBinding(context.domain, 'GROUP', id),
  userRoleBinding: (context, id) => spaceOfRoleBinding(context.domain, 'USER', id),
};
