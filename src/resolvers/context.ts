import type { DomainContext, Request } from '../domain/context.ts';
import type { Intent } from '../intent/index.ts';
import type { Discovery, QueryDiscoverArgs } from '../../generated/resolvers.ts';
import type { Loaders } from './loaders.ts';

/** What every resolver gets. Built by the gateway for each operation. */
export interface ResolverContext extends Request {
  readonly domain: DomainContext;
  readonly intent: Intent;
  /** Describes the API as this caller may use it; the gateway knows the schema, resolvers do not. */
  readonly describe: (request: QueryDiscoverArgs) => Discovery;
  readonly loaders: Loaders;
}
