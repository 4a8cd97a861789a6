import type { UserRow } from '../../storage/people.ts';
import type { Request } from '../context.ts';

/** The request of somebody who was nobody when it came, and turned out to be this user. */
export function asUser(request: Request, { id, username }: Pick<UserRow, 'id' | 'username'>): Request {
  return { ...request, caller: { ...request.caller, principal: { kind: 'USER', id, name: username } } };
}
