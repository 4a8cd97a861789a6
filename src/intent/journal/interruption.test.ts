import assert from 'node:assert/strict';

import { askingFailed, interruptedMessage, leftToPerson, WENT_AWAY_BEFORE, WENT_AWAY_DURING } from './interruption.ts';

describe('the message of an interrupted operation', () => {
  const say = (failure: string | undefined) => interruptedMessage(failure, 'operation X');

  it('says that nothing was changed, or that it is not known, and never both', () => {
    assert.equal(
      say(WENT_AWAY_BEFORE),
      'the server went away before anything was changed: resume operation X to go on.',
    );
    for (const failure of [WENT_AWAY_DURING, undefined, 'provider p 1.0.0 crashed. The change may have been made']) {
      assert.match(say(failure), /Whether the provider did it is not known: resume operation X to find out\.$/);
      assert.doesNotMatch(say(failure), /before anything|nothing/i);
    }
  });

  it('tells what the question did from what the operation did', () => {
    const text = say(askingFailed('the executor could not be started; the log says why. Nothing was done'));
    assert.match(
      text,
      /^the provider was asked what became of it, which changes nothing, and did not say: the executor/,
    );
    assert.match(text, /Whether the provider did it is not known/);
  });

  it('sends nobody to resume what only a person can settle', () => {
    const text = say(leftToPerson('sandbox_pet', 'rex'));
    assert.match(
      text,
      /Look for a sandbox_pet .* import it as "rex"; if it is not, eject "rex" and create it again\.$/,
    );
    assert.doesNotMatch(text, /resume/);
  });
});
