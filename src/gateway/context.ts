import type { Caller, Origin } from '../shared/caller.ts';

/** What the gateway reads of a resolver's context; the rest is the resolvers' own. */
export interface GatewayContext {
  readonly caller: Caller;
  readonly origin: Origin;
}

/** By noun: the space in which an object lives, undefined when there is no such object. Batched by its implementer. */
export type SpaceOf<C extends GatewayContext = GatewayContext> = Readonly<
  Record<string, (context: C, id: string) => Promise<string | undefined>>
>;
