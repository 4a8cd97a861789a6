import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { silentLogger } from '../shared/logger.ts';
import { aCaller, access, createResolvers, origin, spaceOf, typeDefs } from '../testing/small-api.ts';
import { createGateway } from './index.ts';
import { createOperationCache } from './operation-cache.ts';
import type { CachedOperation } from './operation-cache.ts';

const reader = aCaller(['mcp:read'], { a: ['SPACE_READ'] });
const FLOOD = Number(process.env['SLUICE_TEST_FLOOD'] ?? 10_000);
const MAX_RETAINED = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is still in use: the size of the process depends on when V8 chooses to collect. */
function retained(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('the cache of operations', function () {
  it('lets a text in when it comes for the second time', () => {
    const cache = createOperationCache({ entries: 10, bytes: 1e6, sightings: 10 });
    assert.equal(cache.wasSeen('one'), false);
    assert.equal(cache.wasSeen('one'), true);
  });

  it('is bounded by entries and by bytes', () => {
    const operation = {} as CachedOperation; // only kept, never run
    const few = createOperationCache({ entries: 3, bytes: 1e6, sightings: 10 });
    const small = createOperationCache({ entries: 1_000, bytes: 50_000, sightings: 10 });
    for (let at = 0; at < 100; at++) {
      few.set(`text ${at}`, operation);
      small.set(`text ${at}`, operation);
    }
    assert.equal(few.size, 3);
    assert.ok(small.size > 0 && small.size <= 12, String(small.size));
  });

  it(`keeps what is hot through a flood of ${FLOOD} texts, in bounded memory`, async () => {
    const journal = { calls: [] };
    const gateway = createGateway({
      typeDefs,
      resolvers: createResolvers(journal),
      access,
      spaceOf,
      contextFor: (caller, from) => ({ caller, origin: from }),
      log: silentLogger,
    });
    const run = (document: string) => gateway.execute({ document, caller: reader, origin, allow: 'any' });
    const hot = Array.from({ length: 100 }, (_, at) => `{ boxes { id hot${at}: label } }`);
    // Of all the texts: a collection of garbage, or somebody else's work, strikes a few of them.
    const median = async (documents: readonly string[]): Promise<number> => {
      const took: number[] = [];
      for (const document of documents) {
        const startedAt = performance.now();
        await run(document);
        took.push(performance.now() - startedAt);
      }
      return took.toSorted((a, b) => a - b)[took.length >>> 1] ?? Number.NaN;
    };
    for (let turn = 0; turn < 20; turn++) await median(hot);
    const memory = retained();
    const cold = await median(Array.from({ length: FLOOD }, (_, at) => `{ boxes { cold${at}: id } }`));
    journal.calls.length = 0;
    const growth = retained() - memory;
    const known = await median(hot);
    assert.ok(growth <= MAX_RETAINED, `keeps ${Math.round(growth / 1024 / 1024)} MB`);
    // A hot text that was driven out would have to be parsed and validated again, as the cold ones were.
    assert.ok(known <= cold / 4, `${cold} ms for one that is new, ${known} ms for one that is known`);
  });
});
