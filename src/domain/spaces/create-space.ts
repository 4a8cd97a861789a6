import { AppError, badInput } from '../../shared/errors.ts';
import { newUlid, slugify } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { findSpace, insertSpace, type SpaceRow } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { type SpaceRecord, toSpaceRecord } from './space-record.ts';
import { parseName } from '../parse-name.ts';
import type { SpaceInput } from './update-space.ts';

const SUFFIX_LENGTH = 6; // of a ULID's random end: enough to tell namesakes apart
const MAX_NAMESAKES = 5;

/** The id is made from the name; a taken one gets a suffix. An empty parent means root. */
export async function createSpace(context: DomainContext, request: Request, input: SpaceInput): Promise<SpaceRecord> {
  const row = newRow(context, input);
  const created = await context.storage.transaction(async (db) => {
    const parent = row.parentSpace ?? 'root';
    if ((await findSpace(db, parent)) === undefined)
      throw badInput('parentSpace', `no such space: ${JSON.stringify(parent)}`);
    const inserted = await insertUnderFreeId(db, row);
    await recordAudit(db, context, request, {
      action: 'space.create',
      affected: { type: 'SPACE', id: inserted.id },
      data: { name: inserted.name, parentSpace: parent },
    });
    return inserted;
  });
  await rightsChanged(context);
  return toSpaceRecord(created);
}

function newRow(context: DomainContext, input: SpaceInput): SpaceRow {
  return {
    id: slugify(parseName(input.name)),
    name: parseName(input.name),
    description: input.description,
    parentSpace: input.parentSpace === '' ? 'root' : input.parentSpace,
    inheritEntities: input.inheritEntities,
    labels: [...(input.labels ?? [])],
    createdAt: context.clock.now(),
  };
}

async function insertUnderFreeId(db: Db, row: SpaceRow): Promise<SpaceRow> {
  for (let namesake = 0; namesake < MAX_NAMESAKES; namesake += 1) {
    const id = namesake === 0 ? row.id : `${row.id}-${newUlid().slice(-SUFFIX_LENGTH).toLowerCase()}`;
    if (await insertSpace(db, { ...row, id })) return { ...row, id };
  }
  throw new AppError('CONFLICT', 'name: too many spaces have this name; choose another one');
}
