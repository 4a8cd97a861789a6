import assert from 'node:assert/strict';

import { createTokenBuckets } from './token-buckets.ts';

describe('token buckets', () => {
  let nowMs = 0;
  const buckets = (maxNames = 100) => createTokenBuckets({ perSecond: 2, burst: 4, maxNames, nowMs: () => nowMs });
  const times = (count: number, act: () => number): number[] => Array.from({ length: count }, act);

  it('let a burst through, then a steady rate', () => {
    const { take } = buckets();
    assert.deepEqual(
      times(5, () => take('a')),
      [0, 0, 0, 0, 1],
    );
    nowMs += 1_000;
    assert.deepEqual(
      times(3, () => take('a')),
      [0, 0, 1],
    );
    nowMs += 60_000;
    assert.deepEqual(
      times(5, () => take('a')),
      [0, 0, 0, 0, 1],
      'no more is saved up than a burst',
    );
  });

  it('count each name by itself', () => {
    const { take } = buckets();
    times(4, () => take('a'));
    assert.deepEqual([take('a'), take('b')], [1, 0]);
  });

  it('let one dear thing through, and make the next ones wait for it', () => {
    const { take } = buckets();
    assert.equal(take('a', 1_000), 0);
    assert.equal(take('a'), 3, 'a debt is no larger than a burst');
    nowMs += 2_500;
    assert.equal(take('a'), 0);
  });

  it('remember so many names', () => {
    const { take } = buckets(2);
    times(4, () => take('a'));
    take('b');
    take('c');
    assert.equal(take('a'), 0, 'it was forgotten');
  });

  it('let everything through without a rate', () => {
    const { take } = createTokenBuckets({ perSecond: 0, burst: 0 });
    assert.deepEqual(new Set(times(100, () => take('a'))), new Set([0]));
  });
});
