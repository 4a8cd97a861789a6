// One infrastructure change: plan -> judge -> confirm -> apply -> record. Merging and comparing take and return plain
// values; the life of an operation is a list of named steps; its row is written before anything acts.
export { createIntent, type Intent, type IntentOptions } from './create-intent.ts';
export { type IntentLimits, limitsOf } from './engine.ts';
export type { ChangeSetView, ChangeView } from './change-sets/change-set-view.ts';
export type { OperationView, ResourceView } from './view.ts';
export { createUpkeep, type DueJob, type Job, type Upkeep } from './upkeep/upkeep.ts';
