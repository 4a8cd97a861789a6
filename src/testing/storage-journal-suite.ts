import assert from 'node:assert/strict';

import type { AppError } from '../shared/errors.ts';
import { findUnchained, insertAudits } from '../storage/audit.ts';
import { findChangeSet, insertChangeSet, renewChangeSet } from '../storage/change-sets.ts';
import type { Storage } from '../storage/database.ts';
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
} from '../storage/operations.ts';
import { findProject, releaseLock, renewLock, takeLock } from '../storage/projects.ts';
import { findResource, removeResource, saveResource, saveResources } from '../storage/resources.ts';
import { aChangeSet, anAuditEntry, anOperation, aResource, later, noon } from './storage-rows.ts';

const claim = (session: string, at = 0) => ({
  project: 'starter',
  session,
  holderName: `name of ${session}`,
  now: later(at),
  until: later(at + 5),
});

/** Locks of projects, and operations with their journal. */
export function describeJournal(storage: () => Storage): void {
  describe('locks', () => {
    it('moves the fence on when the holder changes, not when the holder extends', async () => {
      const first = await storage().transaction((db) => takeLock(db, claim('a')));
      assert.equal(first?.fence, 1);
      assert.deepEqual(first?.lockUntil, later(5));
      assert.equal((await storage().transaction((db) => takeLock(db, claim('a', 1))))?.fence, 1);
      assert.equal(await storage().transaction((db) => takeLock(db, claim('b', 2))), undefined);
      const taken = await storage().transaction((db) => takeLock(db, claim('b', 6)));
      assert.equal(taken?.fence, 2);
      assert.equal(taken?.lockHolderName, 'name of b');
    });

    it('renews for the fence at hand only, and frees for the holder or for anybody', async () => {
      await storage().transaction((db) => takeLock(db, claim('a')));
      assert.equal(await storage().read((db) => renewLock(db, 'starter', 1, later(9))), true);
      assert.equal(await storage().read((db) => renewLock(db, 'starter', 0, later(9))), false);
      assert.equal(await storage().read((db) => releaseLock(db, 'starter', 'b')), false);
      assert.equal(await storage().read((db) => releaseLock(db, 'starter', 'a')), true);
      const freed = await storage().read((db) => findProject(db, 'starter'));
      assert.deepEqual([freed?.lockHolder, freed?.fence], [undefined, 2]);
      await storage().transaction((db) => takeLock(db, claim('a')));
      assert.equal(await storage().read((db) => releaseLock(db, 'starter', undefined)), true);
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
      await storage().transaction((db) => insertOperation(db, operation, step));
      assert.deepEqual(await storage().read((db) => findOperation(db, 'starter', operation.id)), operation);
      const steps = await storage().read((db) => findSteps(db, operation.id));
      assert.deepEqual(steps, [{ operationId: operation.id, seq: 1, ...step }]);
    });

    it('changes status and journal together, under the fence and from the expected status only', async () => {
      const operation = anOperation();
      const target = { project: 'starter', id: operation.id, fence: 0 };
      await storage().read((db) => insertOperation(db, operation, step));
      const changes = { status: 'PLANNING', plan: Buffer.from('plan'), updatedAt: later(1) } as const;
      await storage().read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'planned', at: later(1) }));
      const changed = await storage().read((db) => findOperation(db, 'starter', operation.id));
      assert.deepEqual(changed, { ...operation, ...changes });
      await assertCode('CONFLICT', () =>
        storage().read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'again', at: noon })),
      );
      const late = { ...target, fence: 7 };
      await assertCode('PROJECT_LOCKED', () =>
        storage().read((db) =>
          changeOperation(db, late, ['PLANNING'], { status: 'FINISHED' }, { step: 'late', at: noon }),
        ),
      );
      const names = (await storage().read((db) => findSteps(db, operation.id))).map((one) => [one.seq, one.step]);
      assert.deepEqual(names, [
        [1, 'requested'],
        [2, 'planned'],
      ]);
    });

    it('changes an operation together with its resource and its receipt, or nothing of it', async () => {
      const operation = anOperation();
      await storage().read((db) => insertOperation(db, operation, step));
      const target = { project: 'starter', id: operation.id, fence: 0 };
      const journal = [{ step: 'recorded', at: later(1) }] as const;
      const record = (expected: 'QUEUED' | 'APPLYING', fence: number, name: string) =>
        storage().read((db) =>
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
        storage().read(async (db) => ({
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
      await storage().read((db) => insertOperation(db, operation, step));
      const changes = { leaseUntil: undefined, confirmationHash: undefined, diagnostics: undefined };
      const target = { project: 'starter', id: operation.id, fence: undefined };
      await storage().read((db) => changeOperation(db, target, ['QUEUED'], changes, { step: 'emptied', at: noon }));
      const changed = await storage().read((db) => findOperation(db, 'starter', operation.id));
      assert.deepEqual(changed, { ...operation, ...changes });
    });

    it('refuses a new operation and a resource from a holder who lost the lock', async () => {
      await storage().transaction((db) => takeLock(db, claim('b')));
      await assertCode('PROJECT_LOCKED', () => storage().read((db) => insertOperation(db, anOperation(), step)));
      const fence = { project: 'starter', fence: 0 };
      await assertCode('PROJECT_LOCKED', () => storage().read((db) => saveResource(db, aResource(), fence)));
      await assertCode('PROJECT_LOCKED', () => storage().read((db) => removeResource(db, 'pet', fence)));
      assert.equal(await storage().read((db) => renewLease(db, { ...fence, id: 'x' }, noon)), false);
      assert.equal(await storage().read((db) => findResource(db, 'starter', 'pet')), undefined);
    });

    it('finds what a dead server left: unfinished and its lease run out', async () => {
      const dead = anOperation({ status: 'APPLYING', leaseUntil: later(1) });
      const others = [
        anOperation({ status: 'APPLYING', leaseUntil: later(10) }),
        anOperation({ status: 'PENDING_REVIEW' }),
        anOperation({ status: 'FINISHED', finishedAt: noon }),
      ];
      for (const operation of [dead, ...others]) await storage().read((db) => insertOperation(db, operation, step));
      const found = await storage().read((db) => findAbandonedOperations(db, later(5)));
      assert.deepEqual(
        found.map(({ id }) => id),
        [dead.id],
      );
      const target = { project: 'starter', fence: 0, id: dead.id };
      assert.equal(await storage().read((db) => renewLease(db, target, later(9))), false);
      assert.deepEqual(await storage().read((db) => findAbandonedOperations(db, later(5))), []);
      assert.equal(await storage().read((db) => askForEnd(db, dead, noon)), true);
      assert.equal(await storage().read((db) => renewLease(db, target, later(9))), true);
      assert.equal(await storage().read((db) => renewLease(db, { ...target, fence: 1 }, later(9))), false);
      assert.deepEqual(await storage().read((db) => findAbandonedOperations(db, later(5))), []);
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
      await storage().transaction(async (db) => {
        await insertOperations(
          db,
          rows.map((row) => ({ row, journal })),
        );
        await saveResources(db, resources, { project: 'starter', fence: 0 });
        await insertAudits(db, receipts);
      });
      const all = await storage().read((db) =>
        findOperations(db, { project: 'starter' }, { limit: 9, oldestFirst: true }),
      );
      assert.deepEqual(all, rows);
      const changes = { failure: text, result: bytes, finishedAt: noon };
      const moves = rows.map(({ id }) => ({ id, expected: ['QUEUED'] as const, changes, journal }));
      await storage().transaction((db) => changeOperations(db, { project: 'starter', fence: 0 }, moves));
      for (const [at, { id }] of rows.entries()) {
        const changed = await storage().read((db) => findOperation(db, 'starter', id));
        assert.deepEqual(changed, { ...rows[at], ...changes });
        const steps = await storage().read((db) => findSteps(db, id));
        assert.deepEqual(
          steps.map(({ seq, step: name, detail }) => [seq, name, detail]),
          [1, 3].flatMap((seq) => [
            [seq, text, { text }],
            [seq + 1, 'more', undefined],
          ]),
        );
        const resource = await storage().read((db) => findResource(db, 'starter', `${text}${at}`));
        assert.deepEqual(resource, resources[at]);
      }
      const told = await storage().read((db) => findUnchained(db, 9));
      assert.deepEqual(
        told.filter(({ id }) => rows.some((row) => row.id === id)).map(({ actorRoles, data }) => [actorRoles, data]),
        rows.map(() => [[text, 'NULL'], { text }]),
      );
    });

    it('renews what is begun of a change set with it, and says which of it is to end', async () => {
      const set = aChangeSet({ leaseUntil: later(1) });
      await storage().read((db) => insertChangeSet(db, set));
      const member = { changeSet: set.id, leaseUntil: later(1) };
      const begun = [0, 1].map(() => anOperation({ ...member, status: 'APPLYING' }));
      const waiting = anOperation({ ...member, status: 'PLANNED' });
      const other = anOperation({ status: 'APPLYING', leaseUntil: later(1) });
      for (const operation of [...begun, waiting, other])
        await storage().read((db) => insertOperation(db, operation, step));
      const renew = (fence: number) => storage().read((db) => renewChangeSet(db, { id: set.id, fence }, later(9)));
      const leases = async () =>
        storage().read((db) =>
          Promise.all(
            [...begun, waiting, other].map(async ({ id }) => (await findOperation(db, 'starter', id))?.leaseUntil),
          ),
        );
      assert.deepEqual(await renew(1), []);
      assert.deepEqual(await leases(), [later(1), later(1), later(1), later(1)]);
      assert.deepEqual(await renew(0), []);
      assert.deepEqual(await leases(), [later(9), later(9), later(1), later(1)]);
      await storage().read((db) => askForEnd(db, begun[1] ?? assert.fail(), noon));
      assert.deepEqual(await renew(0), [begun[1]?.id]);
      const row = await storage().read((db) => findChangeSet(db, 'starter', set.id));
      assert.deepEqual(row, { ...set, leaseUntil: later(9) });
    });
  });
}

async function assertCode(code: AppError['code'], work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work(), (error: AppError) => error.code === code);
}
