import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import type { AppError } from '../shared/errors.ts';
import { newUlid } from '../shared/ids.ts';
import { findUnchained, insertAudit, insertAudits, linkAudit, lockChain, readChain } from '../storage/audit.ts';
import { findChangeSet, insertChangeSet, renewChangeSet } from '../storage/change-sets.ts';
import type { Storage } from '../storage/database.ts';
import { findNeeding, insertDependency } from '../storage/dependencies.ts';
import { type ApiKeyRow, findApiKey, findSession, insertApiKey, saveSession } from '../storage/identity.ts';
import {
  deleteEndedPersonalTokens,
  deletePersonalTokensOf,
  findPersonalTokenByHash,
  findPersonalTokens,
  insertPersonalToken,
  type PersonalTokenRow,
} from '../storage/personal-tokens.ts';
import {
  askForEnd,
  changeOperation,
  changeOperations,
  changeWithBelongings,
  findAbandonedOperations,
  findOperation,
  findOperations,
  findSteps,
  insertOperation,
  insertOperations,
  renewLease,
  searchOperations,
} from '../storage/operations.ts';
import {
  findAttachments,
  findProjectPolicies,
  findSamples,
  insertAttachment,
  insertPolicy,
  insertSample,
  searchPolicies,
} from '../storage/policies.ts';
import { deleteProject, findProject, insertProject, releaseLock, renewLock, takeLock } from '../storage/projects.ts';
import {
  findProjectConfig,
  findProviderConfig,
  findProviderConfigs,
  findVariablesAndSizes,
  insertProjectConfig,
  saveProviderConfig,
  updateProjectConfig,
} from '../storage/project-config.ts';
import { findBinary, findSchema, findTypes, saveSchemas } from '../storage/provider-schemas.ts';
import { findResource, forgetResources, removeResource, saveResource, saveResources } from '../storage/resources.ts';
import { ensureSetting, findSetting } from '../storage/settings.ts';
import { countSpaceContents, insertSpace } from '../storage/spaces.ts';
import { aChangeSet, anAuditEntry, anOperation, aPolicy, aProject, aResource, aSpace, noon } from './storage-rows.ts';

const later = (minutes: number): Date => new Date(noon.getTime() + minutes * 60_000);
const claim = (session: string, at = 0) => ({
  project: 'starter',
  session,
  holderName: `name of ${session}`,
  now: later(at),
  until: later(at + 5),
});

/** Every storage behaviour that must be the same on PGlite and on PostgreSQL. `fresh` gives an empty database. */
export function describeStorage(name: string, fresh: () => Promise<Storage>): void {
  describe(`storage on ${name}`, () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await fresh();
      await storage.transaction(async (db) => {
        await insertSpace(db, aSpace());
        await insertProject(db, aProject());
      });
    });

    it('tells of a failed statement without its values', async () => {
      const marker = 'marker-7391';
      const twice = (): Promise<void> =>
        storage.transaction(async (db) => {
          await insertAudit(db, anAuditEntry({ id: marker, data: { marker } }));
          await insertAudit(db, anAuditEntry({ id: marker, data: { marker } }));
        });
      const misread = () => storage.read((db) => db.em.execute('select ?::text::integer', [marker]));
      for (const [work, code] of [
        [twice, '23505'],
        [misread, '22P02'],
      ] as const) {
        await assert.rejects(work(), (error: Error & { code?: string }) => {
          assert.equal(error.code, code);
          assert.doesNotMatch([error.message, error.stack, inspect(error, { depth: 6 })].join('\n'), /marker-7391/);
          return true;
        });
      }
    });

    describe('locks', () => {
      it('moves the fence on when the holder changes, not when the holder extends', async () => {
        const first = await storage.transaction((db) => takeLock(db, claim('a')));
        assert.equal(first?.fence, 1);
        assert.deepEqual(first?.lockUntil, later(5));
        assert.equal((await storage.transaction((db) => takeLock(db, claim('a', 1))))?.fence, 1);
        assert.equal(await storage.transaction((db) => takeLock(db, claim('b', 2))), undefined);
        const taken = await storage.transaction((db) => takeLock(db, claim('b', 6)));
        assert.equal(taken?.fence, 2);
        assert.equal(taken?.lockHolderName, 'name of b');
      });

      it('renews for the fence at hand only, and frees for the holder or for anybody', async () => {
        await storage.transaction((db) => takeLock(db, claim('a')));
        assert.equal(await storage.read((db) => renewLock(db, 'starter', 1, later(9))), true);
        assert.equal(await storage.read((db) => renewLock(db, 'starter', 0, later(9))), false);
        assert.equal(await storage.read((db) => releaseLock(db, 'starter', 'b')), false);
        assert.equal(await storage.read((db) => releaseLock(db, 'starter', 'a')), true);
        const freed = await storage.read((db) => findProject(db, 'starter'));
        assert.deepEqual([freed?.lockHolder, freed?.fence], [undefined, 2]);
        await storage.transaction((db) => takeLock(db, claim('a')));
        assert.equal(await storage.read((db) => releaseLock(db, 'starter', undefined)), true);
      });
    });

    describe('the journal', () => {
      const step = { step: 'requested', at: noon, detail: { note: "it's ? {} \\" } };

      it('records an operation with its first step, and gives it back whole', async () => {
        const operation = anOperation({
          request: Buffer.from([0, 255, 39, 92, 63]),
          diagnostics: [{ summary: "it's ? fine" }],
          decision: { deny: [], allow: ['yes'] },
          leaseUntil: later(1),
          client: `O'Client \\ ?`,
        });
        await storage.transaction((db) => insertOperation(db, operation, step));
        assert.deepEqual(await storage.read((db) => findOperation(db, 'starter', operation.id)), operation);
        const steps = await storage.read((db) => findSteps(db, operation.id));
        assert.deepEqual(steps, [{ operationId: operation.id, seq: 1, ...step }]);
      });

      it('changes status and journal together, under the fence and from the expected status only', async () => {
        const operation = anOperation();
        const target = { project: 'starter', id: operation.id, fence: 0 };
        await storage.read((db) => insertOperation(db, operation, step));
        const changes = { status: 'PLANNING', plan: Buffer.from('plan'), updatedAt: later(1) } as const;
        await storage.read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'planned', at: later(1) }));
        const changed = await storage.read((db) => findOperation(db, 'starter', operation.id));
        assert.deepEqual(changed, { ...operation, ...changes });
        await assertCode('CONFLICT', () =>
          storage.read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'again', at: noon })),
        );
        const late = { ...target, fence: 7 };
        await assertCode('PROJECT_LOCKED', () =>
          storage.read((db) =>
            changeOperation(db, late, ['PLANNING'], { status: 'FINISHED' }, { step: 'late', at: noon }),
          ),
        );
        const names = (await storage.read((db) => findSteps(db, operation.id))).map((one) => [one.seq, one.step]);
        assert.deepEqual(names, [
          [1, 'requested'],
          [2, 'planned'],
        ]);
      });

      it('changes an operation together with its resource and its receipt, or nothing of it', async () => {
        const operation = anOperation();
        await storage.read((db) => insertOperation(db, operation, step));
        const target = { project: 'starter', id: operation.id, fence: 0 };
        const journal = [{ step: 'recorded', at: later(1) }] as const;
        const record = (expected: 'QUEUED' | 'APPLYING', fence: number, name: string) =>
          storage.read((db) =>
            changeWithBelongings(
              db,
              { target: { ...target, fence }, expected: [expected], changes: { status: 'FINISHED' }, journal },
              {
                resource: aResource({ id: name, resourceId: name, state: Buffer.from('state') }),
                receipt: anAuditEntry({ id: name, actorRoles: [`it's`, '{a,b}'] }),
              },
            ),
          );
        const found = () =>
          storage.read(async (db) => ({
            status: (await findOperation(db, 'starter', operation.id))?.status,
            steps: (await findSteps(db, operation.id)).length,
            states: [await findResource(db, 'starter', 'one'), await findResource(db, 'starter', 'two')].map((row) =>
              row?.state?.toString(),
            ),
            receipts: (await findUnchained(db, 10)).map(({ id, actorRoles }) => [id, actorRoles]),
          }));
        const before = await found();
        assert.deepEqual(before, { status: 'QUEUED', steps: 1, states: [undefined, undefined], receipts: [] });
        await assertCode('PROJECT_LOCKED', () => record('QUEUED', 7, 'one'));
        await assertCode('CONFLICT', () => record('APPLYING', 0, 'one'));
        assert.deepEqual(await found(), before);
        await record('QUEUED', 0, 'one');
        const after = {
          status: 'FINISHED',
          steps: 2,
          states: ['state', undefined],
          receipts: [['one', [`it's`, '{a,b}']]],
        };
        assert.deepEqual(await found(), after);
        await assertCode('CONFLICT', () => record('QUEUED', 0, 'two'));
        assert.deepEqual(await found(), after);
      });

      it('empties a column that is given as undefined', async () => {
        const operation = anOperation({ leaseUntil: noon, confirmationHash: 'x', diagnostics: [] });
        await storage.read((db) => insertOperation(db, operation, step));
        const changes = { leaseUntil: undefined, confirmationHash: undefined, diagnostics: undefined };
        const target = { project: 'starter', id: operation.id, fence: undefined };
        await storage.read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'emptied', at: noon }));
        const changed = await storage.read((db) => findOperation(db, 'starter', operation.id));
        assert.deepEqual(changed, { ...operation, ...changes });
      });

      it('refuses a new operation and a resource from a holder who lost the lock', async () => {
        await storage.transaction((db) => takeLock(db, claim('b')));
        await assertCode('PROJECT_LOCKED', () => storage.read((db) => insertOperation(db, anOperation(), step)));
        const fence = { project: 'starter', fence: 0 };
        await assertCode('PROJECT_LOCKED', () => storage.read((db) => saveResource(db, aResource(), fence)));
        await assertCode('PROJECT_LOCKED', () => storage.read((db) => removeResource(db, 'pet', fence)));
        assert.equal(await storage.read((db) => renewLease(db, { ...fence, id: 'x' }, noon)), false);
        assert.equal(await storage.read((db) => findResource(db, 'starter', 'pet')), undefined);
      });

      it('finds what a dead server left: unfinished and its lease run out', async () => {
        const dead = anOperation({ status: 'APPLYING', leaseUntil: later(1) });
        const others = [
          anOperation({ status: 'APPLYING', leaseUntil: later(10) }),
          anOperation({ status: 'PENDING_REVIEW' }),
          anOperation({ status: 'FINISHED', finishedAt: noon }),
        ];
        for (const operation of [dead, ...others]) await storage.read((db) => insertOperation(db, operation, step));
        const found = await storage.read((db) => findAbandonedOperations(db, later(5)));
        assert.deepEqual(
          found.map(({ id }) => id),
          [dead.id],
        );
        const target = { project: 'starter', fence: 0, id: dead.id };
        assert.equal(await storage.read((db) => renewLease(db, target, later(9))), false);
        assert.deepEqual(await storage.read((db) => findAbandonedOperations(db, later(5))), []);
        assert.equal(await storage.read((db) => askForEnd(db, dead, noon)), true);
        assert.equal(await storage.read((db) => renewLease(db, target, later(9))), true);
        assert.equal(await storage.read((db) => renewLease(db, { ...target, fence: 1 }, later(9))), false);
        assert.deepEqual(await storage.read((db) => findAbandonedOperations(db, later(5))), []);
      });

      it('writes several operations, resources and receipts at once just as each by itself', async () => {
        const text = String.raw`{"a,b",NULL} \ "'` + '\n\t${x} ü ?';
        const bytes = Buffer.from([0, 34, 92, 255]);
        const rows = [
          anOperation({ failure: text, plan: bytes, diagnostics: [{ [text]: text }], leaseUntil: noon }),
          anOperation({ failure: 'NULL', plan: Buffer.alloc(0), changePosition: 2 }),
          anOperation({ failure: '' }),
        ];
        const journal = [
          { step: text, at: noon, detail: { text } },
          { step: 'more', at: noon },
        ] as const;
        const resources = rows.map(({ id }, at) => aResource({ id, resourceId: `${text}${at}`, state: bytes }));
        const receipts = rows.map(({ id }) => anAuditEntry({ id, actorRoles: [text, 'NULL'], data: { text } }));
        await storage.transaction(async (db) => {
          await insertOperations(
            db,
            rows.map((row) => ({ row, journal })),
          );
          await saveResources(db, resources, { project: 'starter', fence: 0 });
          await insertAudits(db, receipts);
        });
        const all = await storage.read((db) =>
          findOperations(db, { project: 'starter' }, { limit: 9, oldestFirst: true }),
        );
        assert.deepEqual(all, rows);
        const changes = { failure: text, result: bytes, finishedAt: noon };
        const moves = rows.map(({ id }) => ({ id, expected: ['QUEUED'] as const, changes, journal }));
        await storage.transaction((db) => changeOperations(db, { project: 'starter', fence: 0 }, moves));
        for (const [at, { id }] of rows.entries()) {
          const changed = await storage.read((db) => findOperation(db, 'starter', id));
          assert.deepEqual(changed, { ...rows[at], ...changes });
          const steps = await storage.read((db) => findSteps(db, id));
          assert.deepEqual(
            steps.map(({ seq, step: name, detail }) => [seq, name, detail]),
            [1, 3].flatMap((seq) => [
              [seq, text, { text }],
              [seq + 1, 'more', undefined],
            ]),
          );
          const resource = await storage.read((db) => findResource(db, 'starter', `${text}${at}`));
          assert.deepEqual(resource, resources[at]);
        }
        const told = await storage.read((db) => findUnchained(db, 9));
        assert.deepEqual(
          told.filter(({ id }) => rows.some((row) => row.id === id)).map(({ actorRoles, data }) => [actorRoles, data]),
          rows.map(() => [[text, 'NULL'], { text }]),
        );
      });

      it('renews what is begun of a change set with it, and says which of it is to end', async () => {
        const set = aChangeSet({ leaseUntil: later(1) });
        await storage.read((db) => insertChangeSet(db, set));
        const member = { changeSet: set.id, leaseUntil: later(1) };
        const begun = [0, 1].map(() => anOperation({ ...member, status: 'APPLYING' }));
        const waiting = anOperation({ ...member, status: 'PLANNED' });
        const other = anOperation({ status: 'APPLYING', leaseUntil: later(1) });
        for (const operation of [...begun, waiting, other])
          await storage.read((db) => insertOperation(db, operation, step));
        const renew = (fence: number) => storage.read((db) => renewChangeSet(db, { id: set.id, fence }, later(9)));
        const leases = async () =>
          storage.read((db) =>
            Promise.all(
              [...begun, waiting, other].map(async ({ id }) => (await findOperation(db, 'starter', id))?.leaseUntil),
            ),
          );
        assert.deepEqual(await renew(1), []);
        assert.deepEqual(await leases(), [later(1), later(1), later(1), later(1)]);
        assert.deepEqual(await renew(0), []);
        assert.deepEqual(await leases(), [later(9), later(9), later(1), later(1)]);
        await storage.read((db) => askForEnd(db, begun[1] ?? assert.fail(), noon));
        assert.deepEqual(await renew(0), [begun[1]?.id]);
        const row = await storage.read((db) => findChangeSet(db, 'starter', set.id));
        assert.deepEqual(row, { ...set, leaseUntil: later(9) });
      });
    });

    describe('resources', () => {
      const fence = { project: 'starter', fence: 0 };

      it('are saved, saved again and removed', async () => {
        const resource = aResource({ private: Buffer.alloc(0) });
        await storage.read((db) => saveResource(db, resource, fence));
        assert.deepEqual(await storage.read((db) => findResource(db, 'starter', 'pet')), resource);
        const changed = { ...resource, state: Buffer.from('new'), private: undefined, condition: 'TAINTED' } as const;
        await storage.read((db) => saveResource(db, changed, fence));
        assert.deepEqual(await storage.read((db) => findResource(db, 'starter', 'pet')), changed);
        await storage.read((db) => removeResource(db, 'pet', fence));
        assert.equal(await storage.read((db) => findResource(db, 'starter', 'pet')), undefined);
      });

      it('cannot be removed while another resource needs them, and a project can forget them all', async () => {
        await storage.read((db) => saveResource(db, aResource(), fence));
        await storage.read((db) => saveResource(db, aResource({ resourceId: 'house' }), fence));
        const edge = { project: 'starter', fromResource: 'house', toResource: 'pet', type: 'EXPLICIT' };
        const rest = { explanation: undefined, fieldMappings: [{ sourceField: 'id' }], createdAt: noon };
        assert.equal(await storage.read((db) => insertDependency(db, { ...edge, ...rest })), true);
        assert.equal(await storage.read((db) => insertDependency(db, { ...edge, ...rest })), false);
        assert.deepEqual(await storage.read((db) => findNeeding(db, 'starter', 'pet')), [{ ...edge, ...rest }]);
        await assert.rejects(storage.read((db) => removeResource(db, 'pet', fence)));
        assert.equal(await storage.transaction((db) => forgetResources(db, 'starter')), 2);
      });

      it('lie encrypted in the database, each bound to its place', async () => {
        await storage.read((db) => saveResource(db, aResource({ state: Buffer.from('hunter2-canary') }), fence));
        await storage.read((db) => saveResource(db, aResource({ resourceId: 'other' }), fence));
        const [row] = await storage.read((db) =>
          db.em.execute<{ state: Uint8Array }[]>(`select state from intent_resource where resource_id = 'pet'`),
        );
        assert.equal(Buffer.from(row?.state ?? []).includes('hunter2'), false);
        await storage.executeSql(`update intent_resource set state = (select state from intent_resource
          where resource_id = 'pet') where resource_id = 'other'`);
        await assert.rejects(
          storage.read((db) => findResource(db, 'starter', 'other')),
          /altered or moved/,
        );
      });
    });

    describe('searching', () => {
      const spaces = ['root'];
      beforeEach(async () => {
        await storage.transaction(async (db) => {
          await insertSpace(db, aSpace({ id: 'hidden', parentSpace: 'root' }));
          for (const [at, name] of ['alpha', 'beta', 'gamma', 'delta', '100%'].entries()) {
            await insertPolicy(db, aPolicy({ name, labels: [`n${at % 2}`], createdAt: later(at % 3) }));
          }
          await insertPolicy(db, aPolicy({ name: 'secret', space: 'hidden' }));
        });
      });
      const names = async (input: Parameters<typeof searchPolicies>[2]): Promise<string[]> =>
        (await storage.read((db) => searchPolicies(db, spaces, input))).edges.map(({ node }) => node.name);

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
            const page = await storage.read((db) => searchPolicies(db, spaces, { first: 2, orderBy, after }));
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
        for (const one of ids) await storage.read((db) => insertOperation(db, one, { step: 'requested', at: noon }));
        const page = await storage.read((db) => searchOperations(db, 'starter', { first: 2 }));
        assert.deepEqual(
          page.edges.map(({ node }) => node.id),
          [ids[2]?.id, ids[1]?.id],
        );
      });
    });

    describe('policies', () => {
      it('judge where they are attached and enabled', async () => {
        const [on, off] = [
          aPolicy({ wasm: Buffer.from([0, 1]), wasmSha256: 'a', rules: ['deny'] }),
          aPolicy({ enabled: false }),
        ];
        for (const policy of [on, off]) {
          const attachment = { id: newUlid(), policyId: policy.id, projectId: 'starter', createdAt: noon };
          await storage.read((db) => insertPolicy(db, policy));
          assert.equal(await storage.read((db) => insertAttachment(db, attachment)), true);
          assert.equal(await storage.read((db) => insertAttachment(db, { ...attachment, id: newUlid() })), false);
        }
        assert.deepEqual(await storage.read((db) => findProjectPolicies(db, 'starter')), [on]);
        const attached = await storage.read((db) => findAttachments(db, { policy: on.id }));
        assert.deepEqual(
          attached.map(({ policyName, projectId }) => [policyName, projectId]),
          [[on.name, 'starter']],
        );
      });

      it('keep only the latest samples', async () => {
        const policy = aPolicy();
        await storage.read((db) => insertPolicy(db, policy));
        const sample = {
          policyId: policy.id,
          outcome: 'deny',
          input: Buffer.from('{}'),
          result: Buffer.from('{}'),
          body: 'b',
        };
        for (const minute of [0, 1, 2]) {
          const row = { ...sample, id: `${minute}`, createdAt: later(minute) };
          await storage.transaction((db) => insertSample(db, row, 2, noon));
        }
        const left = await storage.read((db) => findSamples(db, policy.id, noon));
        assert.deepEqual(
          left.map(({ id }) => id),
          ['2', '1'],
        );
      });
    });

    describe('the audit trail', () => {
      it('links entries once and refuses every other change, also by hand', async () => {
        const [one, two] = [anAuditEntry({ data: { name: "it's" } }), anAuditEntry()];
        await storage.transaction(async (db) => {
          await insertAudit(db, one);
          await insertAudit(db, two);
        });
        assert.deepEqual(await storage.read((db) => findUnchained(db, 10)), [one, two]);
        await storage.transaction(async (db) => {
          assert.equal(await lockChain(db), true);
          await linkAudit(db, [
            { id: one.id, seq: 1, prevHash: '', hash: 'a' },
            { id: two.id, seq: 2, prevHash: 'a', hash: 'b' },
          ]);
        });
        const chained = await storage.read((db) => readChain(db, 1, 10));
        assert.deepEqual(chained, [{ ...two, seq: 2, prevHash: 'a', hash: 'b' }]);
        for (const statement of [
          `update audit_entry set actor = 'somebody else'`,
          `update audit_entry set seq = 9 where seq = 1`,
          'delete from audit_entry',
        ]) {
          await assert.rejects(storage.executeSql(statement), /append-only/);
        }
      });
    });

    describe('the rest', () => {
      it('finds a personal token by its hash, and ends those of an owner and those whose time is over', async () => {
        const tokenHash = Buffer.from([0, 1, 255, 39, 92]);
        const token: PersonalTokenRow = {
          id: 'a',
          ownerKind: 'USER',
          ownerId: 'ada',
          name: 'laptop',
          tokenHash,
          scopes: ['mcp:read', 'mcp:write'],
          spaces: ['root'],
          createdAt: noon,
          expiresAt: later(10),
          lastUsedAt: undefined,
        };
        await storage.transaction(async (db) => {
          await insertPersonalToken(db, token);
          await insertPersonalToken(db, { ...token, id: 'b', tokenHash: Buffer.from('b'), expiresAt: later(1) });
          await insertPersonalToken(db, { ...token, id: 'c', tokenHash: Buffer.from('c'), ownerKind: 'API_KEY' });
        });
        const found = await storage.read((db) => findPersonalTokenByHash(db, tokenHash));
        assert.deepEqual(found, token);
        assert.equal(await storage.read((db) => findPersonalTokenByHash(db, Buffer.from([0, 1]))), undefined);
        await storage.transaction((db) => deleteEndedPersonalTokens(db, later(1)));
        const ids = async () => (await storage.read((db) => findPersonalTokens(db, {}))).map(({ id }) => id);
        assert.deepEqual(await ids(), ['c', 'a']);
        await storage.transaction((db) => deletePersonalTokensOf(db, 'USER', 'ada'));
        assert.deepEqual(await ids(), ['c']);
      });

      it('keeps whose tokens a key takes, and no secret for it', async () => {
        const claimMapping = [{ name: 'branch', value: 'ref' }];
        const oidc = { issuer: 'https://a.example', clientId: 'sluice', subjectExpression: 'x', claimMapping };
        const key: ApiKeyRow = {
          id: 'k',
          name: 'ci',
          description: '',
          type: 'OIDC',
          secretHash: undefined,
          previousSecretHash: undefined,
          previousSecretUntil: undefined,
          generation: 0,
          oidc,
          creator: undefined,
          createdAt: noon,
          lastUsedAt: undefined,
          expiresAt: undefined,
          deleted: false,
          teams: ['a', 'b'],
        };
        await storage.transaction((db) => insertApiKey(db, key));
        assert.deepEqual(await storage.read((db) => findApiKey(db, 'k')), key);
      });

      it('keeps what a project gives its providers: each name once, sealed, gone with the project', async () => {
        const value = Buffer.from('never plain');
        const plain = {
          checksum: 'c',
          writeOnly: true,
          description: '',
          createdAt: noon,
          size: 11,
          project: 'starter',
        };
        const variable = { ...plain, id: 'v', name: 'TOKEN', type: 'ENVIRONMENT_VARIABLE', value } as const;
        const file = { ...plain, id: 'f', name: 'a/b', type: 'FILE_MOUNT', value } as const;
        const set = { project: 'starter', provider: 'a/b', createdAt: noon, updatedAt: noon, config: value };
        await storage.transaction(async (db) => {
          assert.equal(await insertProjectConfig(db, variable), true);
          assert.equal(await insertProjectConfig(db, { ...variable, id: 'other' }), false);
          await insertProjectConfig(db, file);
          await updateProjectConfig(db, 'v', { size: 12 });
          await saveProviderConfig(db, { ...set, id: 'p', alias: '' });
          await saveProviderConfig(db, { ...set, id: 'q', alias: 'x' });
          await saveProviderConfig(db, { ...set, id: 'q', alias: 'x', updatedAt: later(1) });
        });
        const kept = [{ ...variable, size: 12 }, file];
        assert.deepEqual(await storage.read((db) => findProjectConfig(db, 'starter')), kept);
        const [variables, files] = await storage.read((db) => findVariablesAndSizes(db, 'starter'));
        assert.deepEqual([variables, files.map(({ name, size }) => [name, size])], [[kept[0]], [['a/b', 11]]]);
        assert.equal((await storage.read((db) => findProviderConfigs(db, 'starter'))).length, 2);
        const name = { project: 'starter', provider: 'a/b', alias: 'x' };
        assert.deepEqual((await storage.read((db) => findProviderConfig(db, name)))?.updatedAt, later(1));
        const { rows } = await storage.executeSql(
          `select encode(value, 'escape') as text from intent_project_config
            union all select encode(config, 'escape') from intent_provider_config`,
        );
        assert.equal(rows.length, 4);
        assert.doesNotMatch(JSON.stringify(rows), /never plain/);
        await storage.transaction((db) => deleteProject(db, 'starter'));
        assert.deepEqual(await storage.read((db) => findProviderConfigs(db, 'starter')), []);
      });

      it('keeps the first value of a setting, sealed', async () => {
        assert.equal(await storage.read((db) => ensureSetting(db, 'signing-key', 'first')), 'first');
        assert.equal(await storage.read((db) => ensureSetting(db, 'signing-key', 'second')), 'first');
        assert.equal(await storage.read((db) => findSetting(db, 'other')), undefined);
      });

      it('keeps what a session works in', async () => {
        const session = { id: 's', principal: 'p', currentProject: 'starter', updatedAt: noon };
        await storage.read((db) => saveSession(db, session));
        await storage.read((db) => saveSession(db, { ...session, currentProject: undefined }));
        assert.deepEqual(await storage.read((db) => findSession(db, 's')), { ...session, currentProject: undefined });
      });

      it('keeps provider schemas type by type', async () => {
        const binary = {
          address: 'hashicorp/time',
          version: '0.14.2',
          sha256: 'abc',
          protocol: 5,
          capabilities: {},
          readAt: noon,
        };
        const key = { address: binary.address, version: binary.version, sha256: binary.sha256 };
        const schemas = Array.from({ length: 450 }, (_, at) => ({
          kind: 'RESOURCE' as const,
          type: `time_${String(at).padStart(3, '0')}`,
          schema: { version: at, text: "it's ? {}" },
          search: `time_${at} Sleeps 50%`,
        }));
        await storage.transaction((db) => saveSchemas(db, binary, schemas));
        assert.deepEqual(await storage.read((db) => findBinary(db, key)), binary);
        assert.deepEqual(await storage.read((db) => findSchema(db, key, 'RESOURCE', 'time_321')), schemas[321]?.schema);
        assert.equal(await storage.read((db) => findSchema(db, key, 'DATA_SOURCE', 'time_321')), undefined);
        assert.equal((await storage.read((db) => findTypes(db, key, 'RESOURCE', []))).length, 450);
        const found = await storage.read((db) => findTypes(db, key, 'RESOURCE', ['TIME_44', 'sleeps']));
        assert.deepEqual(found.slice(0, 2), ['time_044', 'time_440']);
        assert.deepEqual(await storage.read((db) => findTypes(db, key, 'RESOURCE', ['_%'])), []);
      });

      it('counts what lives in a space', async () => {
        const contents = await storage.read((db) => countSpaceContents(db, 'root'));
        const present = Object.entries(contents).filter(([, count]) => count > 0);
        assert.deepEqual(present, [['Intent projects', 1]]);
      });

      it('tells listeners', async () => {
        const heard: string[] = [];
        const { promise, resolve } = Promise.withResolvers<void>();
        const stop = await storage.listen('tests', (payload) => {
          heard.push(payload);
          resolve();
        });
        await storage.notify('tests', "it's ? this");
        await promise;
        await stop();
        assert.deepEqual(heard, ["it's ? this"]);
      });
    });
  });
}

async function assertCode(code: AppError['code'], work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work(), (error: AppError) => error.code === code);
}
