import type { IntentProjectResolvers, MutationResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import { listAwsAttachments } from '../domain/cloud/index.ts';
import { addConfig, deleteConfig, listConfig, updateConfig } from '../domain/environment/index.ts';
import { attachPolicy, detachPolicy, listAttachments } from '../domain/policies/index.ts';
import {
  activateProject,
  activeProject,
  allowedActions,
  countResources,
  createProject,
  deleteProject,
  destroyProject,
  disableProject,
  enableProject,
  expiryOf,
  findProject,
  isSelected,
  listProjects,
  lockOf,
  lockQueueOf,
  parseLockWait,
  searchProjects,
  setDriftCheck,
  setWebhook,
  unlockProject,
  updateProject,
  watchOf,
} from '../domain/projects/index.ts';
import { badInput } from '../shared/errors.ts';
import { spaceDetails } from './space-details.ts';

export const projectQueries = {
  intentProject: (_root, { id }, context) => findProject(context.domain, context, id),
  intentProjects: (_root, _args, context) => listProjects(context.domain, context),
  intentProjectActive: (_root, _args, context) => activeProject(context.domain, context),
  searchIntentProjects: (_root, { input }, context) => searchProjects(context.domain, context, input),
} satisfies Partial<QueryResolvers>;

export const projectMutations = {
  intentProjectCreate: (_root, args, context) => createProject(context.domain, context, args),
  intentProjectUpdate: (_root, { id, ...changes }, context) => updateProject(context.domain, context, id, changes),
  intentProjectDelete: (_root, { id, keepResources, destroyResources }, context) => {
    if (destroyResources !== true) {
      return deleteProject(context.domain, context, id, { keepResources: keepResources ?? false });
    }
    if (keepResources === true) throw badInput('destroyResources', 'cannot be given together with keepResources');
    return destroyProject(context.domain, context, id);
  },
  intentProjectDriftCheckSet: (_root, args, context) => setDriftCheck(context.domain, context, args),
  intentProjectWebhookSet: (_root, args, context) => setWebhook(context.domain, context, args),
  intentProjectActivate: (_root, { id, lockWait }, context) =>
    activateProject(context.domain, context, id, parseLockWait(lockWait)),
  intentProjectUnlock: (_root, { id, force }, context) =>
    unlockProject(context.domain, context, id, { force: force ?? false }),
  intentProjectEnable: (_root, { id }, context) => enableProject(context.domain, context, id),
  intentProjectDisable: (_root, { id }, context) => disableProject(context.domain, context, id),
  policyIntentProjectAttach: (_root, { id, intentProject }, context) =>
    attachPolicy(context.domain, context, { policy: id, project: intentProject }),
  policyIntentProjectDetach: (_root, { id }, context) => detachPolicy(context.domain, context, id),
  intentProjectConfigAdd: (_root, { intentProject, config }, context) =>
    addConfig(context.domain, context, intentProject, config),
  intentProjectConfigUpdate: (_root, { intentProject, config }, context) =>
    updateConfig(context.domain, context, intentProject, config),
  intentProjectConfigDelete: (_root, { intentProject, id }, context) =>
    deleteConfig(context.domain, context, intentProject, id),
  intentProviderConfigSet: (_root, args, context) => context.intent.setProviderConfig(context, args),
  intentProviderConfigDelete: (_root, args, context) => context.intent.deleteProviderConfig(context, args),
} satisfies Partial<MutationResolvers>;

export const IntentProject: IntentProjectResolvers = {
  awsIntegrations: ({ id }, _args, context) => listAwsAttachments(context.domain, id),
  spaceDetails,
  lock: (project, _args, context) => lockOf(context.domain, context.caller, project),
  lockQueue: ({ id }, _args, context) => lockQueueOf(context.domain, context.caller, id),
  currentlySelected: (project, _args, context) => isSelected(context.domain, context.caller, project.id),
  allowedActions: (project, _args, { caller }) => allowedActions(caller, project),
  attachedPolicies: ({ id }, _args, context) => listAttachments(context.domain, { project: id }),
  watch: ({ id }, _args, context) => watchOf(context.domain, id),
  expiry: ({ id }, _args, context) => expiryOf(context.domain, id),
  resourceCount: ({ id }, _args, context) => countResources(context.domain, id),
  config: ({ id }, _args, context) => listConfig(context.domain, id),
  providerConfigs: ({ id }, _args, context) => context.intent.providerConfigsOf(id),
};
