import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';

import { type AuditRow, readChain } from '../../storage/audit.ts';
import type { Storage } from '../../storage/database.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { seededRandom } from '../../testing/seeded-random.ts';
import { auditHash, GENESIS } from './audit-hash.ts';
import { statementText } from './checkpoint.ts';
import {
  type Checkpoint,
  type CheckpointPublicKey,
  linkAll,
  openCheckpointKey,
  recordAudit,
  signCheckpoint,
  verifyAudit,
} from './index.ts';

const ROUNDS = 100;
const ENTRIES = 40;
const COLUMNS: readonly (keyof AuditRow)[] = [
  'id',
  'seq',
  'at',
  'account',
  'eventType',
  'action',
  'actor',
  'actorRoles',
  'space',
  'affectedType',
  'affectedId',
  'relatedType',
  'relatedId',
  'data',
  'remoteAddress',
  'prevHash',
  'hash',
];

// Whoever owns the database may write what they like into it, knows how the chain is made, and has no key.
describe('the audit trail, attacked by somebody who owns the database', function () {
  const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const upTo = (count: number): number => Math.floor(random() * count);
  let domain: TestDomain;
  let storage: Storage;
  let key: CheckpointPublicKey;
  let original: AuditRow[];
  let outside: Checkpoint;

  before(async () => {
    domain = await testDomain();
    storage = domain.context.storage;
    const signer = await openCheckpointKey({ storage });
    key = signer;
    const act = async (name: string): Promise<Checkpoint> => {
      for (let at = 0; at < ENTRIES / 2; at += 1) {
        const affected = { type: 'THING', id: `${name}-${at}` };
        await storage.transaction((db) =>
          recordAudit(db, domain.context, domain.admin, { action: 'thing.change', affected, data: { at } }),
        );
      }
      await linkAll(storage);
      return (await signCheckpoint(domain.context, signer)) ?? assert.fail('nothing to sign');
    };
    await act('early');
    outside = await act('late');
    original = await storage.read((db) => readChain(db, 0, 1_000));
    await storage.executeSql('create table kept_checkpoint as select * from audit_checkpoint');
  });
  after(async () => {
    await storage.executeSql('drop table kept_checkpoint');
  });

  const verify = (checkpoints: readonly Checkpoint[]) =>
    verifyAudit(storage, { account: 'local', key, outside: checkpoints });

  async function put(entries: readonly AuditRow[]): Promise<void> {
    const rows = entries.map((entry) => ({ ...entry, at: entry.at.toISOString() }));
    await storage.executeSql('alter table audit_entry disable trigger user; delete from audit_entry');
    await storage.executeSql(
      `insert into audit_entry select id, seq, at, account, "eventType", action, actor, "actorRoles", space, "affectedType",
        "affectedId", "relatedType", "relatedId", data, "remoteAddress", "prevHash", hash
        from jsonb_to_recordset($1::jsonb) as r (id text, seq bigint, at timestamptz, account text, "eventType" text, action text,
        actor text, "actorRoles" text[], space text, "affectedType" text, "affectedId" text, "relatedType" text, "relatedId" text,
        data jsonb, "remoteAddress" text, "prevHash" text, hash text)`,
      [JSON.stringify(rows)],
    );
    await storage.executeSql('alter table audit_entry enable trigger user');
  }
  const restore = async (): Promise<void> => {
    await put(original);
    await storage.executeSql(
      'delete from audit_checkpoint; insert into audit_checkpoint select * from kept_checkpoint',
    );
  };

  /** Numbers and hashes as they would be, had these entries been written. */
  function rechained(entries: readonly AuditRow[]): AuditRow[] {
    let prevHash = GENESIS;
    return entries.map((entry, at) => {
      const hash = auditHash(entry, at + 1, prevHash);
      const linked = { ...entry, seq: at + 1, prevHash, hash };
      prevHash = hash;
      return linked;
    });
  }
  function edited(entry: AuditRow): AuditRow {
    const changes: readonly Partial<AuditRow>[] = [
      { actor: `${entry.actor}x` },
      { at: new Date(entry.at.getTime() + 1) },
      { data: { ...(entry.data as object), at: 'other' } },
      { remoteAddress: '192.0.2.66' },
      { action: 'thing.read' },
      { affectedId: 'other' },
      { actorRoles: ['admin'] },
      { space: 'root' },
      { account: 'other' },
      { eventType: 'SYSTEM' },
    ];
    return { ...entry, ...changes[upTo(changes.length)] };
  }
  const replaceAt = (at: number, make: (entry: AuditRow) => AuditRow): AuditRow[] =>
    original.map((entry, index) => (index === at ? make(entry) : entry));
  const forged = (): AuditRow => ({
    ...edited(original[upTo(original.length)] ?? assert.fail()),
    id: `forged-${random()}`,
  });

  const alterations: Readonly<Record<string, () => AuditRow[]>> = {
    edit: () => replaceAt(upTo(original.length), edited),
    drop: () => original.toSpliced(upTo(original.length), 1),
    'drop and close the gap': () =>
      original.toSpliced(upTo(original.length), 1).map((entry, at) => ({ ...entry, seq: at + 1 })),
    insert: () =>
      original.toSpliced(upTo(original.length), 0, forged()).map((entry, at) => ({ ...entry, seq: at + 1 })),
    reorder: () => {
      const [one, other] = [upTo(original.length - 1), original.length - 1];
      const swapped = original.map((entry, at) => original[at === one ? other : at === other ? one : at] ?? entry);
      return swapped.map((entry, at) => ({ ...entry, seq: at + 1 }));
    },
    'edit and make the chain anew': () => rechained(replaceAt(upTo(original.length), edited)),
    'drop and make the chain anew': () => rechained(original.toSpliced(upTo(original.length), 1)),
    'insert and make the chain anew': () => rechained(original.toSpliced(upTo(original.length), 0, forged())),
    'drop one, add another, and make the chain anew': () =>
      rechained([...original.toSpliced(upTo(original.length), 1), forged()]),
    'cut the tail': () => original.slice(0, upTo(original.length)),
    'cut the head': () => original.slice(1 + upTo(original.length - 1)),
  };
  const dealings: Readonly<Record<string, string>> = {
    'leaving the checkpoints': 'select 1',
    'with the checkpoints gone': 'delete from audit_checkpoint',
    'with the checkpoints of a younger trail':
      'delete from audit_checkpoint where seq = (select max(seq) from audit_checkpoint)',
    'saying that entries were dropped': `update audit_checkpoint set kind = 'DROPPED' where seq = (select min(seq) from audit_checkpoint)`,
  };

  it('is whole before, and proven to its end', async () => {
    const verdict = await verify([outside]);
    assert.equal(verdict.intact, true, verdict.message);
    assert.match(verdict.message, new RegExp(`Proven up to entry ${outside.seq} by the checkpoint given\\.$`));
  });

  it(`shows all of ${ROUNDS} alterations, given the last checkpoint (SLUICE_TEST_SEED=${seed})`, async () => {
    const unnoticed: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [[what, alter], [how, statement]] = [pick(alterations, round), pick(dealings, upTo(100))];
      await put(alter());
      await storage.executeSql(statement);
      if ((await verify([outside])).intact) unnoticed.push(`${round}: ${what}, ${how}`);
      await restore();
    }
    assert.deepEqual(unnoticed, []);
    assert.equal((await verify([outside])).intact, true, 'what was restored is whole');
  });

  it('shows that the whole database was rolled back, with the last checkpoint and not without', async () => {
    const [early] = (await storage.executeSql('select min(seq)::int as seq from audit_checkpoint')).rows as {
      seq: number;
    }[];
    const seq = early?.seq ?? assert.fail();
    await put(original.slice(0, seq));
    await storage.executeSql('delete from audit_checkpoint where seq > $1', [seq]);
    assert.match((await verify([])).message, /^\d+ entries, chain intact.*Tail unproven/);
    const verdict = await verify([outside]);
    assert.equal(verdict.intact, false);
    assert.match(verdict.message, /its tail was cut off, or the database was rolled back/);
    await restore();
  });

  it('takes no checkpoint that another key has signed, or that was altered', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const signature = sign(null, Buffer.from(statementText(outside)), privateKey).toString('base64url');
    for (const [checkpoint, message] of [
      [{ ...outside, signature }, /was altered: its signature is wrong/],
      [{ ...outside, seq: outside.seq - 1 }, /was altered: its signature is wrong/],
      [{ ...outside, keyId: 'another' }, /signed with the key another/],
      [{ ...outside, account: 'other' }, /of the account "other"/],
    ] as const) {
      const verdict = await verify([checkpoint]);
      assert.equal(verdict.intact, false);
      assert.match(verdict.message, message);
    }
  });

  it('reads every column that an entry has', () =>
    assert.deepEqual(Object.keys(original[0] ?? {}).toSorted(), COLUMNS.toSorted()));
});

function pick<T>(choices: Readonly<Record<string, T>>, at: number): readonly [string, T] {
  const all = Object.entries(choices);
  return all[at % all.length] ?? assert.fail();
}
