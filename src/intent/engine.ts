import type { DomainContext } from '../domain/context.ts';
import type { LateAnswers } from './journal/late-answers.ts';
import type { RunningOperations } from './journal/running-operations.ts';

/** What every operation works with. */
export interface Engine {
  readonly domain: DomainContext;
  /** Operations that this process is working on. */
  readonly running: RunningOperations;
  readonly late: LateAnswers;
  /**
   * Called before each step, and within some. Whatever it throws before a step stops the engine dead, as a power cut
   * would: tests use it.
   */
  readonly beforeStep: (step: string, operation: string | undefined) => Promise<void>;
  readonly limits: IntentLimits;
}

export interface IntentLimits {
  /** How long a session keeps a project without doing anything in it. */
  readonly lockMs: number;
  /** How long a server that does not say so is taken to be alive. */
  readonly leaseMs: number;
  readonly confirmationMs: number;
  readonly reviewMs: number;
  /** For a provider's calls that change nothing. */
  readonly callMs: number;
  /** For a provider's calls that act: clouds take their time. */
  readonly applyMs: number;
  /** How many changes of one change set are worked on at once. */
  readonly changesAtOnce: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const defaultLimits: IntentLimits = {
  lockMs: 5 * MINUTE, // long enough to read a plan and answer it
  leaseMs: 3 * SECOND, // with a sweep every 1.5 s, a dead server's operations show as interrupted within 5 s
  confirmationMs: 10 * MINUTE,
  reviewMs: 7 * 24 * 60 * MINUTE,
  callMs: 2 * MINUTE,
  applyMs: 60 * MINUTE,
  changesAtOnce: 10, // as many as terraform has at work; providers and clouds are used to it
};

interface LimitSettings {
  readonly changesAtOnce: number;
  /** How long one call of a provider may take. */
  readonly providerTimeoutMs: number;
}

/** The limits that an operator sets. */
export function limitsOf({ changesAtOnce, providerTimeoutMs: applyMs }: LimitSettings): Partial<IntentLimits> {
  return { changesAtOnce, applyMs, callMs: Math.min(applyMs, defaultLimits.callMs) };
}
