import assert from 'node:assert/strict';

import { AppError } from '../shared/errors.ts';
import { withoutSecrets } from './without-secrets.ts';

const problem = { severity: 'error', summary: 'bad token tok"en-1', detail: 'sent tok\\"en-1', path: ['a'] };

describe('what a provider says', () => {
  it('is told without secrets, however they are spelt', async () => {
    const state = Buffer.from('tok"en-1');
    const answer = await withoutSecrets(['tok"en-1 '], () => Promise.resolve({ state, problems: [problem] }));
    const masked = { ...problem, summary: 'bad token (sensitive)' };
    assert.deepEqual(answer, { state, problems: [{ ...masked, detail: 'sent (sensitive)' }] });
    const quoted = await withoutSecrets(['tok"en-1'], () => Promise.resolve({ problems: [problem] }));
    assert.deepEqual(quoted, { problems: [{ ...masked, detail: 'sent (sensitive)' }] });
  });

  it('is told without them when it fails, in the details too', async () => {
    const details = { problems: [problem], provider: 'a/b', mayHaveActed: true };
    const failing = withoutSecrets(['tok"en-1'], () =>
      Promise.reject(new AppError('PROVIDER_FAILED', 'last said: tok"en-1', { details })),
    );
    const error = await failing.catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AppError);
    assert.equal(error.message, 'last said: (sensitive)');
    assert.doesNotMatch(JSON.stringify(error.details), /en-1/);
    assert.deepEqual([error.code, error.details['mayHaveActed']], ['PROVIDER_FAILED', true]);
  });

  it('is told without the beginning of one, where its words were cut', async () => {
    const said = (message: string) =>
      withoutSecrets(['abcdefgh'], () => Promise.reject(new AppError('PROVIDER_FAILED', message))).catch(
        (error: unknown) => (error instanceof AppError ? error.message : ''),
      );
    assert.equal(await said('last words "token abcdef…"; more'), 'last words "token (sensitive)…"; more');
    assert.equal(await said('last words "token abc…"'), 'last words "token abc…"');
    assert.equal(await said('abcdef and nothing cut'), 'abcdef and nothing cut');
  });

  it('stays as it is where nothing is secret, or hardly', async () => {
    const answer = { problems: [problem] };
    assert.equal(await withoutSecrets(['bad'], () => Promise.resolve(answer)), answer);
    const fault = new Error('tok"en-1');
    await assert.rejects(
      withoutSecrets(['tok"en-1'], () => Promise.reject(fault)),
      fault,
    );
  });
});
