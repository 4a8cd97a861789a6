import assert from 'node:assert/strict';

import type { Action } from '../../../generated/enums.ts';
import { aSpace } from '../../testing/storage-rows.ts';
import { effectiveGrants } from './grants.ts';

const roles: [string, Action[]][] = [
  ['reader', ['SPACE_READ']],
  ['admin', ['SPACE_READ', 'SPACE_ADMIN']],
];
const roleRows = roles.map(([id, actions]) => ({ id, slug: id, name: id, description: '', isSystem: true, actions }));

/** root > a > b > c and root > z; `inheriting` names the spaces that inherit from their parents. */
function grantsOf(held: [role: string, space: string][], inheriting: string[] = []): Record<string, string[]> {
  const parents: Record<string, string | undefined> = { root: undefined, a: 'root', b: 'a', c: 'b', z: 'root' };
  const spaces = Object.entries(parents).map(([id, parentSpace]) =>
    aSpace({ id, parentSpace, inheritEntities: inheriting.includes(id) }),
  );
  const bindings = held.map(([roleId, spaceId], at) => ({
    id: `${at}`,
    actorKind: 'API_KEY' as const,
    actorId: 'key',
    roleId,
    spaceId,
  }));
  const grants = effectiveGrants({ spaces, roles: roleRows, bindings });
  return Object.fromEntries([...grants].map(([space, actions]) => [space, [...actions].toSorted()]));
}

describe('rights in the tree of spaces', () => {
  const read = ['SPACE_READ'];
  const admin = ['SPACE_ADMIN', 'SPACE_READ'];

  it('reach from the space of a role down to all below, and nowhere else', () => {
    assert.deepEqual(grantsOf([['admin', 'a']]), { a: admin, b: admin, c: admin });
    assert.deepEqual(grantsOf([['reader', 'root']]), { root: read, a: read, b: read, c: read, z: read });
    assert.deepEqual(grantsOf([]), {});
  });

  it('give reading upwards while every hop inherits, and no more than reading', () => {
    assert.deepEqual(grantsOf([['admin', 'c']], ['c', 'b']), { a: read, b: read, c: admin });
    assert.deepEqual(grantsOf([['admin', 'c']], ['c', 'b', 'a']), { root: read, a: read, b: read, c: admin });
    assert.deepEqual(grantsOf([['admin', 'c']], ['b', 'a']), { c: admin });
    assert.deepEqual(grantsOf([['admin', 'c']], ['c', 'a']), { b: read, c: admin });
  });

  it('do not come down again on the other side of an ancestor that may be read', () => {
    assert.equal('z' in grantsOf([['admin', 'a']], ['a', 'z']), false);
  });

  it('add up over several roles', () => {
    assert.deepEqual(
      grantsOf([
        ['reader', 'root'],
        ['admin', 'b'],
      ]),
      { root: read, a: read, z: read, b: admin, c: admin },
    );
  });

  it('give nothing for a role or a space that is gone', () => {
    assert.deepEqual(
      grantsOf([
        ['gone', 'a'],
        ['admin', 'gone'],
      ]),
      { a: [], b: [], c: [] },
    );
  });
});
