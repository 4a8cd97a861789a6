import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { createOutbound } from '../../outbound/index.ts';
import { canonicalJson, type JsonObject } from '../../shared/json.ts';
import { silentLogger } from '../../shared/logger.ts';
import type { Storage } from '../../storage/database.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { checkpointJson } from './checkpoint.ts';
import {
  type Checkpoint,
  createCheckpointDelivery,
  createTrailKeeper,
  exportAudit,
  linkAll,
  openCheckpointKey,
  parseCheckpoints,
  parsePublicKey,
  recordAudit,
  verifyAudit,
} from './index.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('checkpoints of the audit trail', () => {
  let domain: TestDomain;
  let storage: Storage;
  let published: Checkpoint[];
  beforeEach(async () => {
    domain = await testDomain();
    storage = domain.context.storage;
    published = [];
    await linkAll(storage);
  });

  const keeperWith = (keepMs?: number) =>
    createTrailKeeper(domain.context, {
      entries: 5,
      intervalMs: 60_000,
      keepMs,
      publish: (checkpoint) => published.push(checkpoint),
    });
  async function record(count: number): Promise<number> {
    for (let at = 0; at < count; at += 1)
      await storage.transaction((db) =>
        recordAudit(db, domain.context, domain.admin, {
          action: 'thing.change',
          affected: { type: 'THING', id: `${at}` },
        }),
      );
    return linkAll(storage);
  }
  const verify = async (outside: readonly Checkpoint[] = []) =>
    verifyAudit(storage, { account: 'local', key: await openCheckpointKey({ storage }), outside });
  const last = (): Checkpoint => published.at(-1) ?? assert.fail('nothing was published');

  it('are signed after so many entries, and after so long when there was one', async () => {
    const keeper = await keeperWith();
    await keeper.grown(0);
    assert.equal(published.length, 1, 'what the first start wrote');
    await keeper.grown(await record(4));
    assert.equal(published.length, 1);
    await keeper.grown(await record(1));
    assert.equal(published.length, 2);
    domain.clock.advance(61);
    await keeper.grown(0);
    assert.equal(published.length, 2, 'nothing has happened since');
    await keeper.grown(await record(1));
    assert.equal(published.length, 3);
    assert.deepEqual(keeper.latest(), last());
    assert.match((await verify([last()])).message, /Proven up to entry \d+ by the checkpoint given\.$/);
  });

  it('are signed at the end of the process, and shown again at its next start', async () => {
    const keeper = await keeperWith();
    await keeper.grown(0);
    await keeper.grown(await record(1));
    await keeper.stop();
    const before = last();
    published = [];
    await keeperWith();
    assert.deepEqual(published, [before]);
  });

  it('prove what came before them, and nothing after', async () => {
    const keeper = await keeperWith();
    await keeper.grown(0);
    const early = last();
    await record(3);
    const verdict = await verify([early]);
    assert.equal(verdict.intact, true);
    assert.match(
      verdict.message,
      new RegExp(`Proven up to entry ${early.seq} by the checkpoint given\\. Tail unproven`),
    );
    assert.match((await verify()).message, /Tail unproven: without a checkpoint/);
  });

  it('are read from a file, from a log, and not from anything else', async () => {
    const keeper = await keeperWith();
    await keeper.grown(0);
    const [json, key] = [checkpointJson(last()), await openCheckpointKey({ storage })];
    assert.deepEqual(parseCheckpoints(JSON.stringify(json)), [last()]);
    assert.deepEqual(parseCheckpoints(JSON.stringify(json, null, 2)), [last()]);
    const log = `{"level":30,"msg":"x"}\n{"level":30,"checkpoint":${JSON.stringify(json)},"msg":"y"}\n${JSON.stringify(json)}\n`;
    assert.deepEqual(parseCheckpoints(log), [last(), last()]);
    for (const text of [
      '',
      'nothing',
      '{}',
      '[1]',
      JSON.stringify({ ...json, sequence: '1' }),
      JSON.stringify({ ...json, at: 'x' }),
    ])
      assert.throws(() => parseCheckpoints(text), /^AppError: checkpoint: /, text);
    assert.equal(parsePublicKey(JSON.stringify({ keys: [key.jwk] })).verifies(last()), true);
    assert.equal(parsePublicKey(JSON.stringify(key.jwk)).keyId, last().keyId);
    for (const text of ['', '{}', '{"keys":[]}', '{"kty":"OKP","crv":"X25519","x":"AAAA"}'])
      assert.throws(() => parsePublicKey(text), /^AppError: key: /, text);
  });

  it('let old entries be dropped, and the rest still be verified', async () => {
    const keeper = await keeperWith(30 * DAY_MS);
    await keeper.grown(0);
    const old = last();
    domain.clock.advance(31 * 24 * 3600);
    await keeper.grown(await record(6));
    const verdict = await verify([last()]);
    assert.equal(verdict.intact, true, verdict.message);
    assert.match(
      verdict.message,
      new RegExp(`^6 entries from number ${old.seq + 1} on, chain intact.* 1 new entries are not in the chain yet`),
    );
    await linkAll(storage);
    assert.match(
      (await verify([old])).message,
      /entries from number .*Proven up to entry|Tail unproven: the checkpoint/,
    );
    const lines = [];
    for await (const line of exportAudit(storage, undefined))
      lines.push(JSON.parse(line) as { action: string; data: object });
    assert.deepEqual(lines.at(-1)?.action, 'audit.drop');
    await assert.rejects(storage.executeSql('delete from audit_entry'), /append-only/);
    await assert.rejects(
      storage.executeSql(`begin; set local sluice.drop_audit = 'on'; delete from audit_entry; commit`),
      /append-only/,
      'no more than was signed for',
    );
    await storage.executeSql('rollback');
  });

  it('show that entries were dropped beyond what was signed for', async () => {
    const keeper = await keeperWith(30 * DAY_MS);
    await keeper.grown(0);
    domain.clock.advance(31 * 24 * 3600);
    await keeper.grown(await record(6));
    await linkAll(storage);
    await storage.executeSql(
      'alter table audit_entry disable trigger user; delete from audit_entry where seq <= (select min(seq) from audit_entry); alter table audit_entry enable trigger user',
    );
    assert.match((await verify()).message, /is broken after entry/);
  });

  it('are exported with what their hashes are made of, from a time on', async () => {
    await record(2);
    domain.clock.advance(60);
    const since = domain.clock.now();
    await record(1);
    interface Line {
      readonly seq: number;
      readonly hash: string;
      readonly prevHash: string;
      readonly at: string;
    }
    const read = async (from: Date | undefined): Promise<Line[]> => {
      const lines: Line[] = [];
      for await (const line of exportAudit(storage, from)) {
        const { hash, ...said } = JSON.parse(line) as Line & JsonObject;
        assert.equal(createHash('sha256').update(canonicalJson(said)).digest('hex'), hash, 'as docs/audit.md says');
        lines.push({ ...said, hash });
      }
      return lines;
    };
    const all = await read(undefined);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      all.map((_entry, at) => at + 1),
    );
    for (const [at, entry] of all.entries()) if (at > 0) assert.equal(entry.prevHash, all[at - 1]?.hash);
    assert.deepEqual(
      (await read(since)).map(({ at }) => at),
      [since.toISOString()],
    );
  });

  it('are sent to an address outside, and again until it has taken them', async () => {
    const keeper = await keeperWith();
    await keeper.grown(0);
    const got: unknown[] = [];
    const answers = [500, 302, 204];
    const receiver = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        got.push(JSON.parse(text));
        response.writeHead(answers[got.length - 1] ?? 500, { location: '/elsewhere' }).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const address = receiver.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/checkpoints`;
    const outbound = createOutbound({ allow: ['127.0.0.1'] });
    const delivery = createCheckpointDelivery({ url, outbound, log: silentLogger, firstRetryMs: 5 });
    delivery.offer(last());
    for (let left = 200; got.length < 3 && left > 0; left -= 1) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    delivery.stop();
    await outbound.close();
    receiver.close();
    assert.deepEqual(got, [checkpointJson(last()), checkpointJson(last()), checkpointJson(last())]);
  });
});
