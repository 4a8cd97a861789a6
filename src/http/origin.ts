import type { Origin } from '../shared/caller.ts';
import type { Exchange } from './exchange.ts';

/** How a request came. No header says who calls but `Authorization`; these only describe the client. */
export function originOf({ request, requestId, remoteAddress }: Exchange): Origin {
  const { headers } = request;
  const client = headers['spacelift-client-type'] ?? headers['user-agent'];
  return {
    via: client === 'spacectl' ? 'CLI' : 'GRAPHQL',
    requestId,
    remoteAddress,
    client: Array.isArray(client) ? client[0] : client,
  };
}
