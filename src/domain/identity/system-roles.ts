import { type Action, actions } from '../../../generated/enums.ts';

/** A role that ships with the server and cannot be changed. */
export interface SystemRole {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
}

const reader: readonly Action[] = [
  'SPACE_READ',
  'RUN_CANCEL',
  'RUN_COMMENT',
  'RUN_PROPOSE_LOCAL_WORKSPACE',
  'RUN_RETRY',
  'RUN_STOP',
  'STACK_SET_STAR',
];

const writer: readonly Action[] = [
  ...reader,
  'SPACE_WRITE',
  'SPACE_SHARE_MODULE',
  'RUN_CANCEL_BLOCKING',
  'RUN_CONFIRM',
  'RUN_DISCARD',
  'RUN_PRIORITIZE_SET',
  'RUN_PROMOTE',
  'RUN_PROPOSE_WITH_OVERRIDES',
  'RUN_RETRY_BLOCKING',
  'RUN_REVIEW',
  'RUN_STOP_BLOCKING',
  'RUN_TARGETED_REPLAN',
  'RUN_TRIGGER',
  'TASK_CREATE',
  'STACK_ADD_CONFIG',
  'STACK_DELETE_CONFIG',
  'STACK_LOCK',
  'STACK_SET_CURRENT_COMMIT',
  'STACK_STATE_DOWNLOAD',
  'STACK_STATE_READ',
  'STACK_SYNC_COMMIT',
  'STACK_UNLOCK',
  'STACK_UPLOAD_LOCAL_WORKSPACE',
  'MODULE_MARK_AS_BAD',
  'MODULE_TRIGGER_VERSION',
  'TERRAFORM_PROVIDER_VERSION_CREATE',
  'TERRAFORM_PROVIDER_VERSION_DELETE',
  'TERRAFORM_PROVIDER_VERSION_PUBLISH',
  'TERRAFORM_PROVIDER_VERSION_REGISTER_PLATFORM',
  'TERRAFORM_PROVIDER_VERSION_REVOKE',
  'TERRAFORM_PROVIDER_VERSION_UPDATE',
  'SPACELIFT_VCS_COMMIT_FILES',
  'SPACELIFT_VCS_UPDATE',
];

export const systemRoles: readonly SystemRole[] = [
  {
    slug: 'space-reader',
    name: 'Space reader',
    description: 'Sees what lives in the space.',
    actions: reader,
  },
  {
    slug: 'space-writer',
    name: 'Space writer',
    description: 'Runs what lives in the space.',
    actions: writer,
  },
  {
    slug: 'space-admin',
    name: 'Space admin',
    description: 'Does everything in the space.',
    actions,
  },
  {
    slug: 'worker-pool-controller',
    name: 'Worker pool controller',
    description: 'Manages worker pools, for controllers that run them.',
    actions: ['SPACE_READ', 'WORKER_POOL_CREATE', 'WORKER_POOL_UPDATE', 'WORKER_POOL_DELETE'],
  },
];
