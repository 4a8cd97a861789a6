import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { fieldAccess, typeAccess } from '../../generated/access.ts';
import { createGateway, type Gateway } from '../gateway/index.ts';
import type { Caller } from '../shared/caller.ts';
import { silentLogger } from '../shared/logger.ts';
import { campaign } from '../testing/campaign.ts';
import { type Hostile, hostileFamilies } from '../testing/hostile-documents.ts';
import { createApp, listen, type Listening } from './index.ts';

const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;
const caller: Caller = {
  principal: { kind: 'USER', id: 'user', name: 'somebody' },
  session: 'session',
  scopes: new Set(['mcp:write']),
  grants: new Map([['root', new Set(['SPACE_READ', 'SPACE_ADMIN'] as const)]]),
};

describe('hostile documents', () => {
  /** By family: milliseconds of this process for each kilobyte. */
  const costs = new Map<string, number[]>();
  let now = { family: '', bytes: 0 };
  let server: Listening;
  const port = 40_000 + (process.pid % 20_000);

  before(async () => {
    server = await listen(
      createApp({
        gateway: measured(realGateway()),
        callerOf: () => caller,
        mcp: undefined,
        health: async () => ({ ready: true }),
        publicUrl: `http://localhost:${port}`,
        allowedHosts: [],
        maxBodyBytes: 2 * MEGABYTE, // so that the documents come to be read at all
        log: silentLogger,
      }),
      '127.0.0.1',
      port,
    );
  });
  after(() => server.stop(1_000));

  /** Everything that a document which is refused costs comes before the first wait. */
  function measured(gateway: Gateway): Gateway {
    return {
      ...gateway,
      execute(request) {
        const before = process.cpuUsage();
        const outcome = gateway.execute(request);
        const { user, system } = process.cpuUsage(before);
        const cost = (user + system) / 1000 / (now.bytes / KILOBYTE);
        if (now.family !== '') costs.set(now.family, [...(costs.get(now.family) ?? []), cost]);
        return outcome;
      },
    };
  }

  async function send({ document, variables }: Hostile): Promise<{ status: number; text: string }> {
    const answer = await fetch(`http://localhost:${port}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        authorization: 'Bearer token',
      },
      body: `{"query":${JSON.stringify(document)},"variables":${variables ?? 'null'}}`,
    });
    return { status: answer.status, text: await answer.text() };
  }
  const benign = { document: 'query ($id: ID!) { space(id: $id) { id name } }', variables: '{"id":"root"}' };

  const families = Object.entries(hostileFamilies);
  const documents = campaign('hostile documents', { short: 120, tenth: 500, full: 5_000 });

  it(`are each refused with a code, and others are served beside them: ${documents.count} from ${families.length} families`, async () => {
    await documents.run(async (random, index) => {
      const [family, make] = families[index % families.length] ?? assert.fail('there are families');
      const bytes = Math.round(KILOBYTE * (MEGABYTE / KILOBYTE) ** random.next());
      now = { family, bytes };
      const hostile = send(make(bytes));
      const beside = send(benign);
      const { status, text } = await hostile;
      assert.ok(status === 400 || status === 413, `${family}, ${bytes} bytes: ${text.slice(0, 300)}: ${status}`);
      const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] };
      assert.ok(errors.length > 0 && errors.length <= 11, `${family}: ${errors.length} errors`);
      for (const { extensions } of errors) assert.match(extensions.code, /^(?:BAD_INPUT|LIMIT_EXCEEDED)$/, family);
      assert.ok(text.length < 25_000, `${family}: an answer of ${text.length} bytes to ${bytes}`);
      assert.equal((await beside).text, '{"data":{"space":{"id":"root","name":"Root"}}}');
    });
    const medians = [...costs].map(([family, values]) => ({ family, cost: median(values) }));
    const dear = medians.toSorted((a, b) => b.cost - a.cost).slice(0, 5);
    const words = dear.map(({ family, cost }) => `${family} ${cost.toFixed(2)}`).join(', ');
    process.stdout.write(`      CPU-ms for each KB, median of a family: ${words}\n`);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The API as it is, of which only what benign callers ask for can be answered. */
function realGateway(): Gateway {
  return createGateway({
    typeDefs: readFileSync(resolve(import.meta.dirname, '../../generated/schema.graphql'), 'utf8'),
    resolvers: { Query: { space: () => ({ id: 'root', name: 'Root' }) } },
    access: { typeAccess, fieldAccess },
    spaceOf: {},
    contextFor: (from, origin) => ({ caller: from, origin }),
    log: silentLogger,
  });
}
