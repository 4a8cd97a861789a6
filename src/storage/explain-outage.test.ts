import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { AppError } from '../shared/errors.ts';
import { explainOutage } from './explain-outage.ts';

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('the loss of the database', () => {
  it('is told from the driver, however deep it lies', () => {
    for (const error of [
      withCode('ECONNREFUSED'),
      withCode('57P01'),
      new Error('outer', { cause: withCode('08006') }),
      Object.assign(new Error('ORM'), { previous: withCode('ENOENT') }),
      new AggregateError([withCode('ECONNREFUSED')]),
      new Error('Connection terminated unexpectedly'),
    ]) {
      const told = explainOutage(error);
      assert.ok(told instanceof AppError);
      assert.equal(told.code, 'UNAVAILABLE');
      assert.match(told.message, /the database cannot be reached; nothing was done/);
    }
  });

  it('is told apart from a full disk', () => {
    const told = explainOutage(withCode('53100', 'could not extend file: No space left on device'));
    assert.match(told instanceof AppError ? told.message : '', /disk is full; nothing was done/);
  });

  it('does not promise that nothing was done when the commit failed', () => {
    const told = explainOutage(withCode('ECONNRESET'), true);
    assert.ok(told instanceof AppError);
    assert.equal(told.code, 'INTERNAL');
    assert.match(told.message, /look at the history/);
  });

  it('is not seen in bad input that breaks the protocol of the connection', () => {
    const error = withCode('08P01', 'invalid message format');
    assert.equal(explainOutage(error), error);
    for (const code of ['08000', '08001', '08003', '08004', '08006', '08007']) {
      assert.ok(explainOutage(withCode(code)) instanceof AppError, code);
    }
  });

  it('leaves out the statement and what the database quotes of it', () => {
    for (const [code, message] of [
      ['23505', 'insert into "t" values (\'marker\') - duplicate key value'],
      ['23502', 'null value in column "a" of relation "t"\n - detail: Failing row contains (marker).'],
      ['22P02', 'invalid input syntax for type integer: "marker"'],
    ] as const) {
      const error = Object.assign(withCode(code, message), { severity: 'ERROR', query: 'marker', detail: 'marker' });
      const told = explainOutage(error);
      assert.ok(told instanceof Error && 'code' in told);
      assert.equal(told.code, code);
      assert.doesNotMatch(inspect(told, { depth: 6 }) + told.message + told.stack, /marker/);
    }
  });

  it('leaves every other error alone', () => {
    for (const error of [withCode('23505'), new AppError('CONFLICT', 'taken'), 'text']) {
      assert.equal(explainOutage(error), error);
    }
  });
});
