import assert from 'node:assert/strict';

import fc from 'fast-check';

import { canonicalJson, type Json } from '../../shared/json.ts';
import type { AuditRow } from '../../storage/audit.ts';
import { auditHash, hashedText } from './audit-hash.ts';

const text = fc.string({ unit: 'binary' });
const maybe = fc.option(text, { nil: undefined });
const rows = fc.record({
  id: text,
  seq: fc.constant(undefined),
  at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
  account: text,
  eventType: text,
  action: text,
  actor: text,
  actorRoles: fc.array(text, { maxLength: 3 }),
  space: maybe,
  affectedType: text,
  affectedId: maybe,
  relatedType: maybe,
  relatedId: maybe,
  data: fc.jsonValue() as fc.Arbitrary<Json>,
  remoteAddress: maybe,
  prevHash: fc.constant(undefined),
  hash: fc.constant(undefined),
}) as fc.Arbitrary<AuditRow>;

describe('what is hashed of an audit entry', () => {
  it('is the canonical JSON of everything but the hash, for ever', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (row, seq) => {
        const { hash: _hash, ...said } = { ...row, at: row.at.toISOString(), seq, prevHash: 'before' };
        const json = Object.fromEntries(Object.entries(said).map(([key, value]) => [key, value ?? null]));
        assert.equal(hashedText(row, seq, 'before'), canonicalJson(json as Json));
      }),
      { numRuns: 500 },
    );
  });

  it('gives the hash that entries have in trails that are there', () => {
    const row: AuditRow = {
      id: '01M80JZDJ7BMQA8JER03AE9TP8',
      seq: undefined,
      at: new Date('2026-06-01T12:00:00.000Z'),
      account: 'local',
      eventType: 'MUTATION',
      action: 'thing.create',
      actor: 'user::ada',
      actorRoles: ['admin'],
      space: undefined,
      affectedType: 'THING',
      affectedId: 'a',
      relatedType: undefined,
      relatedId: undefined,
      data: { b: 1, a: [null, 'ü'] },
      remoteAddress: '127.0.0.1',
      prevHash: undefined,
      hash: undefined,
    };
    assert.equal(auditHash(row, 7, '0'.repeat(64)), 'f71758fd826f732a89e624cd22eef9b5184a992688afc86e30b48c27f3b670fb');
  });
});
