import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { findBinary } from '../../storage/provider-schemas.ts';
import { testIntent } from '../../testing/intent.ts';
import { storeSchemas } from './stored-schema.ts';

describe("a provider's schema", () => {
  it('is read once for all who ask for it at the same time, and again after a reading that failed', async () => {
    const bench = await testIntent();
    const { executor, storage } = bench.context;
    const key = { address: 'acme/fake', version: '1.0.0', sha256: 'ab' };
    const binary = { ...key, path: '/nowhere' };
    let readings = 0;
    let gate = Promise.withResolvers<void>();
    const streamSchema: typeof executor.streamSchema = async (...call) => {
      readings += 1;
      await gate.promise;
      return executor.streamSchema(...call);
    };
    const context = { ...bench.context, executor: { ...executor, streamSchema } };
    const ask = () => Promise.allSettled(Array.from({ length: 8 }, () => storeSchemas(context, { ...key, binary })));
    /** The database answers in order: when it has answered this, everybody has seen that nothing is stored. */
    const untilAllAsked = async (): Promise<void> => {
      await storage.read((db) => findBinary(db, key));
      await nextTurn();
    };
    const first = ask();
    await untilAllAsked();
    gate.reject(new Error('the schema could not be read'));
    assert.ok((await first).every(({ status }) => status === 'rejected'));
    assert.equal(readings, 1);
    gate = Promise.withResolvers<void>();
    const second = ask();
    await untilAllAsked();
    gate.resolve();
    assert.deepEqual(
      (await second).filter(({ status }) => status === 'rejected'),
      [],
    );
    assert.equal(readings, 2);
    assert.notEqual(await storage.read((db) => findBinary(db, key)), undefined);
  });
});
