import { LRUCache } from 'lru-cache';

import { JUDGING } from './auto-attachments.ts';
import type { Db } from './database.ts';
import { PolicyAttachmentEntity, PolicyEntity, PolicySampleEntity } from './entities/policies.ts';
import { type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { type Row, tableOf } from './table.ts';

export type PolicyRow = Row<typeof PolicyEntity>;
export type PolicyAttachmentRow = Row<typeof PolicyAttachmentEntity>;
export type PolicySampleRow = Row<typeof PolicySampleEntity>;
/** An attachment with the name of its policy. */
export interface NamedAttachment {
  readonly id: string;
  readonly policyId: string;
  readonly policyName: string;
  readonly projectId: string;
}

const policies = tableOf(PolicyEntity);
const attachments = tableOf(PolicyAttachmentEntity);
const samples = tableOf(PolicySampleEntity, ['input', 'result']);

const search: SearchSpec<PolicyRow> = {
  fields: {
    name: { column: 'name', kind: 'TEXT' },
    space: { column: 'space', kind: 'TEXT' },
    type: { column: 'type', kind: 'TEXT' },
    labels: { column: 'labels', kind: 'LIST' },
    createdAt: { column: 'createdAt', kind: 'TIME' },
  },
  text: ['name', 'id', 'description'],
  newest: 'id',
};

/** By name. */
export function findPolicies(db: Db, spaces: readonly string[]): Promise<PolicyRow[]> {
  return policies.find(db, { space: { $in: [...spaces] } }, { orderBy: { name: 'asc' } });
}

export function searchPolicies(db: Db, spaces: readonly string[], input: SearchInput): Promise<Page<PolicyRow>> {
  return searchPage(db, policies, search, { space: { $in: [...spaces] } }, input);
}

export function findPolicy(db: Db, id: string): Promise<PolicyRow | undefined> {
  return policies.findOne(db, { id });
}

export function findPoliciesById(db: Db, ids: readonly string[]): Promise<PolicyRow[]> {
  return policies.find(db, { id: { $in: [...ids] } });
}

export function findPolicyByName(db: Db, name: string): Promise<PolicyRow | undefined> {
  return policies.findOne(db, { name });
}

/** @returns false when the name is taken */
export function insertPolicy(db: Db, policy: PolicyRow): Promise<boolean> {
  return policies.insertUnlessTaken(db, policy);
}

export function updatePolicy(db: Db, id: string, changes: Partial<PolicyRow>): Promise<boolean> {
  return policies.update(db, id, changes);
}

/** Deletes the policy with its attachments and samples. */
export async function deletePolicy(db: Db, id: string): Promise<void> {
  await policies.remove(db, { id });
}

// Modules are large and found by their content, so a project's judgement need not read them from the database each time.
const modules = new LRUCache<string, Uint8Array>({ maxSize: 64 * 1024 * 1024, sizeCalculation: (wasm) => wasm.length });

// Only administrators of root write what is in root.
const loginInForce = { type: 'LOGIN', space: 'root', enabled: true } as const;

/**
 * The login policies in force, by id, for telling whether they are others than before: not even their bodies are read.
 */
export function findLoginPolicyVersions(db: Db): Promise<PolicyRow[]> {
  const fields = ['id', 'updatedAt', 'wasmSha256'] as const;
  return policies.find(db, loginInForce, { orderBy: { id: 'asc' }, fields });
}

/** The login policies in force, by id. */
export async function findLoginPolicies(db: Db): Promise<PolicyRow[]> {
  const rows = await policies.find(db, loginInForce, { orderBy: { id: 'asc' }, fields: listed });
  return Promise.all(rows.map(async (row) => ({ ...row, wasm: await moduleOf(db, row) })));
}

const listed = [
  'id', 'name', 'description', 'labels', 'space', 'type', 'engineType', 'body', 'enabled', 'wasmSha256', 'rules',
  'createdAt', 'updatedAt',
] as const; // prettier-ignore

/** The enabled policies of a project, attached by hand or by label, by name: what judges its operations. */
export async function findProjectPolicies(db: Db, project: string): Promise<PolicyRow[]> {
  const rows = await policies.execute(
    db,
    `${JUDGING} select p.id, p.name, p.description, p.labels, p.space, p.type, p.engine_type, p.body, p.enabled,
      p.wasm_sha256, p.rules, p.created_at, p.updated_at from policy p join judging j on j.policy_id = p.id
      where p.enabled order by p.name`,
    [project, project],
  );
  return Promise.all(rows.map(async (row) => ({ ...row, wasm: await moduleOf(db, row) })));
}

async function moduleOf(db: Db, { id, wasmSha256 }: PolicyRow): Promise<Uint8Array | undefined> {
  if (wasmSha256 === undefined) return undefined;
  const known = modules.get(wasmSha256);
  if (known !== undefined) return known;
  const row = await policies.findOne(db, { id, wasmSha256 }, { fields: ['wasm'] });
  if (row?.wasm !== undefined) modules.set(wasmSha256, row.wasm);
  return row?.wasm;
}

export function findAttachments(
  db: Db,
  by: { policy: string } | { project: string } | { id: string },
): Promise<NamedAttachment[]> {
  const [column, value] =
    'policy' in by ? ['a.policy_id', by.policy] : 'project' in by ? ['a.project_id', by.project] : ['a.id', by.id];
  return db.execute<NamedAttachment>(
    `select a.id, a.policy_id as "policyId", p.name as "policyName", a.project_id as "projectId"
      from policy_attachment a join policy p on p.id = a.policy_id where ${column} = ? order by p.name, a.id`,
    [value],
  );
}

/** @returns false when the policy is attached to the project already */
export function insertAttachment(db: Db, attachment: PolicyAttachmentRow): Promise<boolean> {
  return attachments.insertUnlessTaken(db, attachment);
}

export async function deleteAttachment(db: Db, id: string): Promise<void> {
  await attachments.remove(db, { id });
}

/** Newest first. */
export function findSamples(db: Db, policy: string, since: Date): Promise<PolicySampleRow[]> {
  return samples.find(
    db,
    { policyId: policy, createdAt: { $gte: since } },
    { orderBy: { id: 'desc' }, fields: ['id', 'policyId', 'outcome', 'createdAt'] },
  );
}

export function findSample(db: Db, policy: string, id: string): Promise<PolicySampleRow | undefined> {
  return samples.findOne(db, { id, policyId: policy });
}

/** Keeps the latest `keep` samples of the policy, none older than `since`. */
export async function insertSample(db: Db, sample: PolicySampleRow, keep: number, since: Date): Promise<void> {
  await samples.insert(db, sample);
  await db.execute(
    `delete from policy_sample where policy_id = ? and (created_at < ? or id not in
      (select id from policy_sample where policy_id = ? order by id desc limit ?))`,
    [sample.policyId, since, sample.policyId, keep],
  );
}
