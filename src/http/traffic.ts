import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import { createTokenBuckets, type TokenBuckets } from '../shared/token-buckets.ts';
import { networkOf } from './caller-address.ts';
import type { Exchange } from './exchange.ts';
import { originOf } from './origin.ts';

/** How much one caller, and one address, may ask for. 0 sets no limit. */
export interface TrafficLimits {
  readonly callerPerSecond: number;
  readonly addressPerSecond: number;
  /** Requests that are being answered at one time. */
  readonly callerAtOnce: number;
  readonly addressAtOnce: number;
  /** Fields that may be worked out, estimated from the documents. */
  readonly callerCostPerSecond: number;
}

/** Which limit was reached. */
export type TrafficLimit =
  | 'address rate'
  | 'address concurrency'
  | 'caller rate'
  | 'caller concurrency'
  | 'caller cost';

/** Counts what comes in. A request is counted twice: for its address before it is read, then for its caller. */
export interface Traffic {
  /** @returns what to call when the request is answered. @throws RATE_LIMITED */
  enterAddress(exchange: Exchange): () => void;
  /** @returns what to call when the request is answered. @throws RATE_LIMITED */
  enterCaller(caller: Caller, exchange: Exchange): () => void;
  /** Counts what an operation costs. @throws RATE_LIMITED */
  charge(who: Who, cost: number): void;
  /** How often each limit has turned a request away. */
  readonly reached: ReadonlyMap<TrafficLimit, number>;
}

export interface Who {
  readonly caller: Caller;
  readonly origin: Origin;
}

/** Told of each request that was turned away. */
export type OnLimit = (limit: TrafficLimit, who: Who) => void;

const BURST_SECONDS = 10; // assistants ask for many things at once and then for nothing

export function createTraffic(limits: TrafficLimits, onLimit: OnLimit = () => {}): Traffic {
  const bucketsOf = (perSecond: number): TokenBuckets =>
    createTokenBuckets({ perSecond, burst: perSecond * BURST_SECONDS });
  const addressRate = bucketsOf(limits.addressPerSecond);
  const callerRate = bucketsOf(limits.callerPerSecond);
  const cost = bucketsOf(limits.callerCostPerSecond);
  const addressPlaces = createPlaces(limits.addressAtOnce);
  const callerPlaces = createPlaces(limits.callerAtOnce);
  const reached = new Map<TrafficLimit, number>();
  const refuse = (limit: TrafficLimit, seconds: number, who: Who): never => {
    reached.set(limit, (reached.get(limit) ?? 0) + 1);
    onLimit(limit, who);
    throw limitReached(limit, seconds);
  };
  return {
    reached,
    enterAddress(exchange) {
      const name = networkOf(exchange.remoteAddress ?? '');
      const wait = addressRate.take(name);
      if (wait > 0) return refuse('address rate', wait, { caller: anonymous, origin: originOf(exchange) });
      return addressPlaces(name) ?? refuse('address concurrency', 1, { caller: anonymous, origin: originOf(exchange) });
    },
    enterCaller(caller, exchange) {
      if (isStranger(caller)) return nothing; // strangers are told apart by their addresses only
      const name = caller.principal.id;
      const wait = callerRate.take(name);
      if (wait > 0) return refuse('caller rate', wait, { caller, origin: originOf(exchange) });
      return callerPlaces(name) ?? refuse('caller concurrency', 1, { caller, origin: originOf(exchange) });
    },
    charge(who, amount) {
      const { caller, origin } = who;
      const wait = cost.take(isStranger(caller) ? networkOf(origin.remoteAddress ?? '') : caller.principal.id, amount);
      if (wait > 0) refuse('caller cost', wait, who);
    },
  };
}

function limitReached(limit: TrafficLimit, seconds: number): AppError {
  return new AppError('RATE_LIMITED', `too many requests (${limit}): nothing was done; try again in ${seconds} s`, {
    details: { limit, retryAfterSeconds: seconds },
  });
}

function nothing(): void {}

function isStranger({ principal }: Caller): boolean {
  return principal.kind === 'ANONYMOUS';
}

/** So many at one time for each name; undefined when all places are taken. Only names with something in flight are kept. */
function createPlaces(places: number): (name: string) => (() => void) | undefined {
  if (places === 0) return () => nothing;
  const taken = new Map<string, number>();
  return (name) => {
    const now = taken.get(name) ?? 0;
    if (now >= places) return undefined;
    taken.set(name, now + 1);
    return () => {
      const left = (taken.get(name) ?? 1) - 1;
      if (left > 0) taken.set(name, left);
      else taken.delete(name);
    };
  };
}
