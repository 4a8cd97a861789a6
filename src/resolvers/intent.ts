import type {
  IntentChangeSetResolvers,
  IntentOperationResolvers,
  IntentResourceResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../../generated/resolvers.ts';
import { createIntentPolicy, deleteIntentPolicy, updateIntentPolicy } from '../domain/policies/index.ts';

export const intentQueries = {
  intentResource: (_root, args, context) => context.intent.findResource(context, args),
  searchIntentResources: (_root, args, context) => context.intent.searchResources(context, args),
  intentResources: (_root, args, context) => context.intent.listResources(context, args),
  intentResourceOperations: (_root, args, context) => context.intent.listOperations(context, args),
  intentTimeline: (_root, args, context) => context.intent.timeline(context, args),
  intentResourceOperation: (_root, args, context) => context.intent.findOperation(context, args),
  searchIntentResourcesOperations: (_root, args, context) => context.intent.searchOperations(context, args),
  intentResourceDependencies: (_root, args, context) => context.intent.findDependencies(context, args),
  intentChangeSet: (_root, args, context) => context.intent.findChangeSet(context, args),
  intentChangeSets: (_root, args, context) => context.intent.listChangeSets(context, args),
  intentDataSourceRead: (_root, args, context) => context.intent.readDataSource(context, args),
  intentProjectExport: (_root, args, context) => context.intent.exportProject(context, args),
  intentOperationLog: (_root, args, context) => context.intent.operationLog(context, args),
  intentPolicyInputSchema: (_root, _args, context) => context.intent.policyInputSchema(),
  intentPolicyDryRun: (_root, args, context) => context.intent.dryRunPolicy(context, args),
} satisfies Partial<QueryResolvers>;

export const intentMutations = {
  intentResourceCreate: (_root, args, context) => context.intent.createResource(context, args),
  intentResourceUpdate: (_root, args, context) => context.intent.updateResource(context, args),
  intentResourceDelete: (_root, args, context) => context.intent.deleteResource(context, args),
  intentResourceImport: (_root, args, context) => context.intent.importResource(context, args),
  intentResourceRefresh: (_root, args, context) => context.intent.refreshResource(context, args),
  intentProjectRefresh: (_root, args, context) => context.intent.refreshProject(context, args),
  intentResourceEject: (_root, args, context) => context.intent.ejectResource(context, args),
  intentResourceOperationResume: (_root, args, context) => context.intent.resumeOperation(context, args),
  intentResourceOperationRollback: (_root, args, context) => context.intent.rollbackOperation(context, args),
  intentResourceOperationCancel: (_root, args, context) => context.intent.cancelOperation(context, args),
  intentResourceOperationReview: (_root, args, context) => context.intent.reviewOperation(context, args),
  intentChangeSetCreate: (_root, args, context) => context.intent.createChangeSet(context, args),
  intentChangeSetApply: (_root, args, context) => context.intent.applyChangeSet(context, args),
  intentChangeSetResume: (_root, args, context) => context.intent.resumeChangeSet(context, args),
  intentChangeSetCancel: (_root, args, context) => context.intent.cancelChangeSet(context, args),
  intentChangeSetReview: (_root, args, context) => context.intent.reviewChangeSet(context, args),
  intentResourceDependencyAdd: (_root, args, context) => context.intent.addDependency(context, args),
  intentResourceDependencyRemove: (_root, args, context) => context.intent.removeDependency(context, args),
  intentPolicyCreate: (_root, args, context) => createIntentPolicy(context.domain, context, args),
  intentPolicyUpdate: (_root, { id, ...changes }, context) => updateIntentPolicy(context.domain, context, id, changes),
  intentPolicyDelete: (_root, { id }, context) => deleteIntentPolicy(context.domain, context, id),
} satisfies Partial<MutationResolvers>;

export const IntentOperation: IntentOperationResolvers = {
  steps: (operation, _args, context) => context.intent.stepsOf(operation),
  receipts: (operation, _args, context) => context.loaders.receipts.load(operation),
  resource: (operation, _args, context) => context.intent.resourceOf(operation),
};

export const IntentResource: IntentResourceResolvers = {
  dependencies: (resource, _args, context) => context.intent.neighboursOf(resource, 'DEPENDENCIES'),
  dependents: (resource, _args, context) => context.intent.neighboursOf(resource, 'DEPENDENTS'),
};

export const IntentChangeSet: IntentChangeSetResolvers = {
  changes: (changeSet, _args, context) => context.intent.changesOf(changeSet),
};
