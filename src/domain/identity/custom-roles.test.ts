import { insertUser } from '../../storage/people.ts';
import { testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aUser } from '../../testing/storage-rows.ts';
import { createRole, createRoleBinding, deleteRoleBinding, updateRole } from './index.ts';

describe('a role of one’s own that makes the only admin', () => {
  it('cannot be narrowed or taken away before somebody else is admin', async () => {
    const { context, admin } = await testDomain();
    const role = await createRole(context, admin, { name: 'Owner', actions: ['SPACE_ADMIN', 'RUN_TRIGGER'] });
    const bind = async (username: string) => {
      const user = { ...aUser(username), passwordHash: 'a hash' };
      await context.storage.transaction((db) => insertUser(db, user));
      const held = { kind: 'USER', actorId: user.id, roleID: role.slug, spaceID: 'root' } as const;
      return createRoleBinding(context, admin, held);
    };
    const first = await bind('ann');
    const narrow = () => updateRole(context, admin, role.id, { actions: ['RUN_TRIGGER'] });
    await assertRefused('CONFLICT', narrow(), /nobody who is admin of the root space/);
    await assertRefused('CONFLICT', deleteRoleBinding(context, admin, 'USER', first.id), /nobody who is admin/);
    await updateRole(context, admin, role.id, { actions: ['SPACE_ADMIN'] });
    await bind('bob');
    await deleteRoleBinding(context, admin, 'USER', first.id);
    await assertRefused('CONFLICT', narrow(), /nobody who is admin of the root space/);
  });
});
