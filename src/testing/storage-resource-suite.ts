import assert from 'node:assert/strict';

import type { AppError } from '../shared/errors.ts';
import type { Storage } from '../storage/database.ts';
import { findNeeding, insertDependency } from '../storage/dependencies.ts';
import { insertOperation, searchOperations } from '../storage/operations.ts';
import { insertPolicy, searchPolicies } from '../storage/policies.ts';
import { findResource, forgetResources, removeResource, saveResource } from '../storage/resources.ts';
import { insertSpace } from '../storage/spaces.ts';
import { anOperation, aPolicy, aResource, aSpace, later, noon } from './storage-rows.ts';

/** Resources, and looking for rows by words, filters and pages. */
export function describeResources(storage: () => Storage): void {
  describe('resources', () => {
    const fence = { project: 'starter', fence: 0 };

    it('are saved, saved again and removed', async () => {
      const resource = aResource({ private: Buffer.alloc(0) });
      await storage().read((db) => saveResource(db, resource, fence));
      assert.deepEqual(await storage().read((db) => findResource(db, 'starter', 'pet')), resource);
      const changed = { ...resource, state: Buffer.from('new'), private: undefined, condition: 'TAINTED' } as const;
      await storage().read((db) => saveResource(db, changed, fence));
      assert.deepEqual(await storage().read((db) => findResource(db, 'starter', 'pet')), changed);
      await storage().read((db) => removeResource(db, 'pet', fence));
      assert.equal(await storage().read((db) => findResource(db, 'starter', 'pet')), undefined);
    });

    it('cannot be removed while another resource needs them, and a project can forget them all', async () => {
      await storage().read((db) => saveResource(db, aResource(), fence));
      await storage().read((db) => saveResource(db, aResource({ resourceId: 'house' }), fence));
      const edge = { project: 'starter', fromResource: 'house', toResource: 'pet', type: 'EXPLICIT' };
      const rest = { explanation: undefined, fieldMappings: [{ sourceField: 'id' }], createdAt: noon };
      assert.equal(await storage().read((db) => insertDependency(db, { ...edge, ...rest })), true);
      assert.equal(await storage().read((db) => insertDependency(db, { ...edge, ...rest })), false);
      assert.deepEqual(await storage().read((db) => findNeeding(db, 'starter', 'pet')), [{ ...edge, ...rest }]);
      await assert.rejects(storage().read((db) => removeResource(db, 'pet', fence)));
      assert.equal(await storage().transaction((db) => forgetResources(db, 'starter')), 2);
    });

    it('lie encrypted in the database, each bound to its place', async () => {
      await storage().read((db) => saveResource(db, aResource({ state: Buffer.from('hunter2-canary') }), fence));
      await storage().read((db) => saveResource(db, aResource({ resourceId: 'other' }), fence));
      const [row] = await storage().read((db) =>
        db.em.execute<{ state: Uint8Array }[]>(`select state from intent_resource where resource_id = 'pet'`),
      );
      assert.equal(Buffer.from(row?.state ?? []).includes('hunter2'), false);
      await storage().executeSql(`update intent_resource set state = (select state from intent_resource
        where resource_id = 'pet') where resource_id = 'other'`);
      await assert.rejects(
        storage().read((db) => findResource(db, 'starter', 'other')),
        /altered or moved/,
      );
    });
  });

  describe('searching', () => {
    const spaces = ['root'];
    beforeEach(async () => {
      await storage().transaction(async (db) => {
        await insertSpace(db, aSpace({ id: 'hidden', parentSpace: 'root' }));
        for (const [at, name] of ['alpha', 'beta', 'gamma', 'delta', '100%'].entries()) {
          await insertPolicy(db, aPolicy({ name, labels: [`n${at % 2}`], createdAt: later(at % 3) }));
        }
        await insertPolicy(db, aPolicy({ name: 'secret', space: 'hidden' }));
      });
    });
    const names = async (input: Parameters<typeof searchPolicies>[2]): Promise<string[]> =>
      (await storage().read((db) => searchPolicies(db, spaces, input))).edges.map(({ node }) => node.name);

    it('narrows to the spaces and gives the newest first', async () => {
      assert.deepEqual(await names({}), ['100%', 'delta', 'gamma', 'beta', 'alpha']);
    });

    it('walks through pages in any order without loss or repetition', async () => {
      const orders = [
        undefined,
        { field: 'name', direction: 'ASC' },
        { field: 'createdAt', direction: 'DESC' },
      ] as const;
      for (const orderBy of orders) {
        const seen: string[] = [];
        for (let after: string | undefined; ;) {
          const page = await storage().read((db) => searchPolicies(db, spaces, { first: 2, orderBy, after }));
          seen.push(...page.edges.map(({ node }) => node.name));
          assert.equal(page.pageInfo.hasPreviousPage, after !== undefined);
          after = page.pageInfo.endCursor;
          if (!page.pageInfo.hasNextPage) break;
        }
        assert.deepEqual(seen.toSorted(), ['100%', 'alpha', 'beta', 'delta', 'gamma']);
        assert.deepEqual(seen, await names({ orderBy }));
      }
    });

    it('matches words as they are, strings, lists, and the reverse', async () => {
      assert.deepEqual(await names({ fullTextSearch: 'ELT' }), ['delta']);
      assert.deepEqual(await names({ fullTextSearch: '0%' }), ['100%']);
      assert.deepEqual(await names({ fullTextSearch: '_' }), []);
      const labels = { field: 'labels', constraint: { stringMatches: ['n1'] } };
      assert.deepEqual(await names({ predicates: [labels] }), ['delta', 'beta']);
      assert.deepEqual(await names({ predicates: [{ ...labels, exclude: true }] }), ['100%', 'gamma', 'alpha']);
      const two = { field: 'name', constraint: { stringMatches: ['alpha', "be'ta"], booleanEquals: null } };
      assert.deepEqual(await names({ predicates: [two] }), ['alpha']);
    });

    it('refuses what it cannot do, by name', async () => {
      const bad: [object, RegExp][] = [
        [{ first: 0 }, /input\.first/],
        [{ first: 101 }, /1 to 100/],
        [
          { predicates: [{ field: 'body', constraint: { stringMatches: ['x'] } }] },
          /"body" cannot be searched by; one of name/,
        ],
        [{ predicates: [{ field: 'constructor', constraint: { stringMatches: ['x'] } }] }, /cannot be searched by/],
        [{ predicates: [{ field: 'name', constraint: {} }] }, /exactly one key/],
        [
          { predicates: [{ field: 'name', constraint: { booleanEquals: [true] } }] },
          /takes enumEquals or stringMatches/,
        ],
        [{ orderBy: { field: 'labels', direction: 'ASC' } }, /cannot be sorted by/],
        [{ after: 'nonsense' }, /input\.after/],
        [{ after: Buffer.from('{"order":{"column":"name"}}').toString('base64url') }, /input\.after/],
      ];
      for (const [input, message] of bad) {
        await assert.rejects(
          names(input),
          (error: AppError) => error.code === 'BAD_INPUT' && message.test(error.message),
        );
      }
    });

    it('reads a page of operations by id when asked for nothing else', async () => {
      const ids = [anOperation(), anOperation(), anOperation()];
      for (const one of ids) await storage().read((db) => insertOperation(db, one, { step: 'requested', at: noon }));
      const page = await storage().read((db) => searchOperations(db, 'starter', { first: 2 }));
      assert.deepEqual(
        page.edges.map(({ node }) => node.id),
        [ids[2]?.id, ids[1]?.id],
      );
    });
  });
}
