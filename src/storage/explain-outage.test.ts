import assert from 'node:assert/strict';

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

  it('leaves every other error alone', () => {
    for (const error of [withCode('23505'), new AppError('CONFLICT', 'taken'), 'text']) {
      assert.equal(explainOutage(error), error);
    }
  });
});
