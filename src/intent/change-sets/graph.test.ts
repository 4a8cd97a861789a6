import assert from 'node:assert/strict';

import fc from 'fast-check';

import { type Needs, orderOf } from './graph.ts';
import { runInOrder } from './run-in-order.ts';

/** Any graph of some nodes, circles and all. */
const anyGraph = fc
  .integer({ min: 1, max: 12 })
  .chain((size) => fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }))
  .map((lists): Needs<number> => new Map(lists.map((needed, node) => [node, new Set(needed)])));

/** Each node needs earlier ones only. */
const anyOrder = anyGraph.map(
  (graph): Needs<number> =>
    new Map([...graph].map(([node, needed]) => [node, new Set([...needed].filter((each) => each < node))])),
);

describe('the order of changes', () => {
  it('has everything once and after all that it needs, or names a real circle', () => {
    fc.assert(
      fc.property(anyGraph, (needs) => {
        const found = orderOf(needs);
        if ('circle' in found) {
          assert.equal(found.circle[0], found.circle.at(-1));
          assert.ok(found.circle.length > 1);
          for (const [at, node] of found.circle.slice(0, -1).entries()) {
            assert.ok(needs.get(node)?.has(found.circle[at + 1] ?? -1));
          }
          return;
        }
        assert.deepEqual(
          found.order.toSorted((a, b) => a - b),
          [...needs.keys()].toSorted((a, b) => a - b),
        );
        for (const [node, needed] of needs) {
          for (const each of needed) assert.ok(found.order.indexOf(each) < found.order.indexOf(node));
        }
      }),
    );
  });

  it('never takes a graph without circles for one with', () => {
    fc.assert(fc.property(anyOrder, (needs) => assert.ok('order' in orderOf(needs))));
  });

  it('leaves as given what is in order already, and orders the same graph the same way', () => {
    fc.assert(
      fc.property(anyOrder, anyGraph, (ordered, any) => {
        assert.deepEqual(orderOf(ordered), { order: [...ordered.keys()] });
        assert.deepEqual(orderOf(any), orderOf(new Map(any)));
      }),
    );
  });

  it('takes a chain as long as a change set may be', () => {
    const needs = new Map(Array.from({ length: 20_000 }, (_, at) => [at, new Set(at === 0 ? [] : [at - 1])]));
    assert.ok('order' in orderOf(needs));
  });
});

describe('work in order', () => {
  it('begins each piece after all that it needs, no more at once than allowed, and nothing that needs a failed one', async () => {
    const failing = fc.array(fc.nat(11), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(anyOrder, failing, fc.integer({ min: 1, max: 4 }), async (needs, bad, parallelism) => {
        const done = new Set<number>();
        let atWork = 0;
        const fates = await runInOrder({
          needs,
          parallelism,
          isStopped: () => false,
          work: async (node) => {
            atWork += 1;
            assert.ok(atWork <= parallelism);
            for (const each of needs.get(node) ?? []) assert.ok(done.has(each));
            await Promise.resolve();
            atWork -= 1;
            if (bad.includes(node)) return false;
            done.add(node);
            return true;
          },
        });
        for (const [node, needed] of needs) {
          const blocked = [...needed].some((each) => fates.get(each)?.kind !== 'done');
          assert.equal(fates.get(node)?.kind, blocked ? 'left' : bad.includes(node) ? 'failed' : 'done');
          const fate = fates.get(node);
          if (fate?.kind === 'left') assert.equal(fates.get(fate.because)?.kind, 'failed');
        }
      }),
    );
  });

  it('begins nothing more once it is stopped, and waits for what is under way', async () => {
    let stopped = false;
    const ended: number[] = [];
    const fates = await runInOrder({
      needs: new Map([0, 1, 2].map((node) => [node, new Set<number>()])),
      parallelism: 2,
      isStopped: () => stopped,
      work: async (node) => {
        stopped = true;
        await Promise.resolve();
        ended.push(node);
        return true;
      },
    });
    assert.deepEqual(ended, [0]);
    assert.deepEqual([...fates.keys()], [0]);
  });

  it('passes on what a piece throws, after the others have ended', async () => {
    const ended: number[] = [];
    const work = runInOrder({
      needs: new Map([0, 1].map((node) => [node, new Set<number>()])),
      parallelism: 2,
      isStopped: () => false,
      work: async (node) => {
        if (node === 0) throw new Error('broken');
        await new Promise((resolve) => setTimeout(resolve, 5));
        ended.push(node);
        return true;
      },
    });
    await assert.rejects(work, /broken/);
    assert.deepEqual(ended, [1]);
  });
});
