import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { shippedPolicies } from '../../policy/index.ts';
import { anonymous } from '../../shared/caller.ts';
import { invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { upsertSystemRole } from '../../storage/identity.ts';
import { insertAttachment, insertPolicy, type PolicyRow } from '../../storage/policies.ts';
import { insertProject } from '../../storage/projects.ts';
import { ensureSetting, findSetting } from '../../storage/settings.ts';
import { insertSpace } from '../../storage/spaces.ts';
import type { DomainContext, Request } from '../context.ts';
import { createApiKey, systemRoles } from '../identity/index.ts';

export interface FirstStart {
  /** Whether this was the first start on this data. */
  readonly first: boolean;
  /** Where the admin key was written. */
  readonly adminKeyFile: string;
}

const DONE_SETTING = 'first-start';
const STARTER_PROJECT = 'starter';
const STARTER_POLICY = 'intent-starter';

/** Makes the root space, the system roles, an admin key and a project to begin with; a later start finds them there. */
export async function prepareFirstStart(
  context: DomainContext,
  { dataDir }: { readonly dataDir: string },
): Promise<FirstStart> {
  const adminKeyFile = join(dataDir, 'admin-key.json');
  const first = (await context.storage.read((db) => findSetting(db, DONE_SETTING))) === undefined;
  await makeRootAndRoles(context);
  if (first) {
    await writeAdminKey(context, adminKeyFile);
    await makeStarterProject(context);
    await context.storage.transaction((db) => ensureSetting(db, DONE_SETTING, context.clock.now().toISOString()));
  }
  return { first, adminKeyFile };
}

/** Also at later starts: a new version may bring new actions. */
async function makeRootAndRoles(context: DomainContext): Promise<void> {
  await context.storage.transaction(async (db) => {
    await insertSpace(db, {
      id: 'root',
      name: 'root',
      description: 'The top of the tree of spaces.',
      parentSpace: undefined,
      inheritEntities: false,
      labels: [],
      createdAt: context.clock.now(),
    });
    for (const { actions, ...role } of systemRoles) {
      await upsertSystemRole(db, { ...role, id: newUlid(), isSystem: true, actions: [...actions] });
    }
  });
}

/** The file is whole or not there; a start that dies in between makes another key, and nobody knows the first. */
async function writeAdminKey(context: DomainContext, path: string): Promise<void> {
  const input = { name: 'admin', admin: true, teams: [] };
  const { id, secret } = await createApiKey(context, systemRequest, input);
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ id, secret })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

async function makeStarterProject(context: DomainContext): Promise<void> {
  const now = context.clock.now();
  const policy = starterPolicy(now);
  await context.storage.transaction(async (db) => {
    const isNew = await insertProject(db, {
      id: STARTER_PROJECT,
      name: 'Starter',
      description: 'A place to try things. Its policy allows the sandbox provider only.',
      labels: [],
      space: 'root',
      state: 'ENABLED',
      confirmation: 'TOKEN',
      createdAt: now,
      createdBy: systemRequest.caller.principal.name,
      lockHolder: undefined,
      lockHolderName: undefined,
      lockUntil: undefined,
      fence: 0,
      lockSince: undefined,
      lockSelected: false,
    });
    if (!isNew || !(await insertPolicy(db, policy))) return;
    await insertAttachment(db, { id: newUlid(), policyId: policy.id, projectId: STARTER_PROJECT, createdAt: now });
  });
}

function starterPolicy(now: Date): PolicyRow {
  const shipped = shippedPolicies().find(({ name }) => name === STARTER_POLICY);
  invariant(shipped !== undefined, `the shipped policy ${STARTER_POLICY} is missing`);
  const { compiled, body, engine, type } = shipped;
  return {
    id: newUlid(),
    name: compiled.title,
    description: compiled.description,
    labels: [],
    space: 'root',
    type,
    engineType: engine,
    body,
    enabled: true,
    wasm: compiled.wasm,
    wasmSha256: compiled.sha256,
    rules: [...compiled.rules],
    createdAt: now,
    updatedAt: now,
  };
}

/** Nobody asked for it: the server does it for itself. */
const systemRequest: Request = {
  caller: { ...anonymous, principal: { kind: 'SYSTEM', id: 'system', name: 'system' } },
  origin: { via: 'SYSTEM', requestId: 'first-start', remoteAddress: undefined, client: undefined },
};
