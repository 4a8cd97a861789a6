import type { Request } from '../../domain/context.ts';
import type { Caller, Scope } from '../../shared/caller.ts';

const scopes: ReadonlySet<Scope> = new Set(['mcp:read', 'mcp:write']);

// What a resource was made by may be started again for it; everything else is given by whoever set the duty.
const grants: Caller['grants'] = new Map([['root', new Set(['INTENT_PROVIDER_INSTALL'] as const)]]);

/**
 * A request of the server itself. Its session is the project's own, so that what one server began another can go on with;
 * that two do not do so at once is seen to by who takes the work.
 */
export function systemRequest(duty: 'expiry' | 'drift', project: string): Request {
  const name = `system:${duty}`;
  return {
    caller: { principal: { kind: 'SYSTEM', id: name, name }, session: `${name}:${project}`, scopes, grants },
    origin: { via: 'SYSTEM', requestId: name, remoteAddress: undefined, client: undefined },
  };
}
