import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { insertAudit } from '../storage/audit.ts';
import type { Storage } from '../storage/database.ts';
import { insertProject } from '../storage/projects.ts';
import { insertSpace } from '../storage/spaces.ts';
import { describeJournal } from './storage-journal-suite.ts';
import { describeRecords } from './storage-record-suite.ts';
import { describeResources } from './storage-resource-suite.ts';
import { anAuditEntry, aProject, aSpace } from './storage-rows.ts';

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

    describeJournal(() => storage);
    describeRecords(() => storage);
    describeResources(() => storage);
  });
}
