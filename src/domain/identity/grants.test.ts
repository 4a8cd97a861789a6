import assert from 'node:assert/strict';

import { type Action, actions } from '../../../generated/enums.ts';
import { aSpace } from '../../testing/storage-rows.ts';
import { effectiveGrants } from './grants.ts';

const roles: [string, Action[]][] = [
  ['reader', ['SPACE_READ']],
  ['writer', ['SPACE_READ', 'SPACE_WRITE']],
  ['everything', ['SPACE_ADMIN']],
  ['starter', ['RUN_TRIGGER']],
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
  const writer = ['SPACE_READ', 'SPACE_WRITE'];

  it('reach from the space of a role down to all below, and nowhere else', () => {
    assert.deepEqual(grantsOf([['writer', 'a']]), { a: writer, b: writer, c: writer });
    assert.deepEqual(grantsOf([['reader', 'root']]), { root: read, a: read, b: read, c: read, z: read });
    assert.deepEqual(grantsOf([]), {});
  });

  it('give reading upwards while every hop inherits, and no more than reading', () => {
    assert.deepEqual(grantsOf([['writer', 'c']], ['c', 'b']), { a: read, b: read, c: writer });
    assert.deepEqual(grantsOf([['writer', 'c']], ['c', 'b', 'a']), { root: read, a: read, b: read, c: writer });
    assert.deepEqual(grantsOf([['writer', 'c']], ['b', 'a']), { c: writer });
    assert.deepEqual(grantsOf([['writer', 'c']], ['c', 'a']), { b: read, c: writer });
  });

  it('give nothing upwards for a role that does not let read', () => {
    assert.deepEqual(grantsOf([['starter', 'c']], ['c', 'b', 'a']), { c: ['RUN_TRIGGER'] });
  });

  it('do not come down again on the other side of an ancestor that may be read', () => {
    assert.equal('z' in grantsOf([['writer', 'a']], ['a', 'z']), false);
  });

  it('add up over several roles', () => {
    assert.deepEqual(
      grantsOf([
        ['reader', 'root'],
        ['writer', 'b'],
      ]),
      { root: read, a: read, z: read, b: writer, c: writer },
    );
  });

  it('are all there are for SPACE_ADMIN alone', () => {
    assert.deepEqual(grantsOf([['everything', 'c']]), { c: actions.toSorted() });
  });

  it('give nothing for a role or a space that is gone', () => {
    assert.deepEqual(
      grantsOf([
        ['gone', 'a'],
        ['writer', 'gone'],
      ]),
      { a: [], b: [], c: [] },
    );
  });
});
