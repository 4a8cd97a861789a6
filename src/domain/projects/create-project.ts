import { parseName } from '../parse-name.ts';
import { badInput } from '../../shared/errors.ts';
import { newUlid, slugify } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { insertProject, type ProjectRow } from '../../storage/projects.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { type ExpiryInput, setExpiry } from './expiry.ts';
import { type ProjectRecord, toProjectRecord } from './project-record.ts';

export interface NewProject extends Omit<ExpiryInput, 'clearTtl'> {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly space?: string | null | undefined;
  readonly confirmation?: 'TOKEN' | 'PERSON' | 'OTHER_PERSON' | null | undefined;
}

const SUFFIX_LENGTH = 6; // of a ULID's random end: enough to tell namesakes apart
const MAX_NAMESAKES = 5;

/** The id is made from the name; a taken one gets a suffix. */
export async function createProject(
  context: DomainContext,
  request: Request,
  input: NewProject,
): Promise<ProjectRecord> {
  const row = newRow(context, request, input);
  return context.storage.transaction(async (db) => {
    if ((await findSpace(db, row.space)) === undefined)
      throw badInput('space', `no such space: ${JSON.stringify(row.space)}`);
    const created = await insertUnderFreeId(db, row);
    const expiry = await setExpiry(db, context, request, created, input);
    await recordAudit(db, context, request, {
      action: 'intent-project.create',
      affected: { type: 'INTENT_PROJECT', id: created.id },
      data: { name: created.name, space: created.space, ...expiry },
    });
    return toProjectRecord(created);
  });
}

function newRow(context: DomainContext, { caller }: Request, input: NewProject): ProjectRow {
  return {
    id: slugify(parseName(input.name)),
    name: parseName(input.name),
    description: input.description ?? '',
    labels: [...(input.labels ?? [])],
    space: input.space ?? 'root',
    state: 'ENABLED',
    confirmation: input.confirmation ?? 'TOKEN',
    createdAt: context.clock.now(),
    createdBy: caller.principal.name,
    lockHolder: undefined,
    lockHolderName: undefined,
    lockUntil: undefined,
    fence: 0,
    lockSince: undefined,
    lockSelected: false,
  };
}

async function insertUnderFreeId(db: Db, row: ProjectRow): Promise<ProjectRow> {
  for (let namesake = 0; namesake < MAX_NAMESAKES; namesake += 1) {
    const id = namesake === 0 ? row.id : `${row.id}-${newUlid().slice(-SUFFIX_LENGTH).toLowerCase()}`;
    const candidate = { ...row, id };
    if (await insertProject(db, candidate)) return candidate;
  }
  throw badInput('name', 'too many projects have this name; choose another one');
}
