// The ordered list of schema versions. A new one goes to the end; its name begins with the day it was made.
// The ordered list of schema versions. A new one goes to the end and its name sorts after the others.
import { approvedChangeSets } from './2026-11-22-approved-change-sets.ts';
import { changeSets } from './2026-11-22-change-sets.ts';
import { auditCheckpointTables } from './2026-11-22-audit-checkpoints.ts';
import { driftColumns } from './2026-11-22-drift.ts';
import { firstTables } from './2026-11-22-first-tables.ts';
import { machineTables } from './2026-11-22-machines.ts';
import { loginTables } from './2026-11-22-logins.ts';
import { projectEnvironment } from './2026-11-22-project-environment.ts';
import { signInTables } from './2026-11-22-sign-in.ts';
import { noticeTables } from './2026-11-22-notices.ts';
import { upkeepTables } from './2026-11-22-upkeep.ts';
import { userTables } from './2026-11-22-users.ts';
import { projectRoleColumns } from './2026-11-22-project-roles.ts';
import { awsTables } from './2026-11-22-aws.ts';
import { cancelRequests } from './2026-11-22-cancel-requests.ts';
import { lockQueue } from './2026-11-22-lock-queue.ts';
import { oldTokenKey } from './2026-11-22-old-token-key.ts';
import { receipts } from './2026-11-22-receipts.ts';

export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

export const migrations: readonly Migration[] = [
  { name: '2026-11-22-first-tables', statements: firstTables },
  { name: '2026-11-22-project-environment', statements: projectEnvironment },
  { name: '2026-11-22-sign-in', statements: signInTables },
  { name: '2026-11-22-machines', statements: machineTables },
  { name: '2026-11-22-users', statements: userTables },
  { name: '2026-11-22-change-sets', statements: changeSets },
  { name: '2026-11-22-logins', statements: loginTables },
  { name: '2026-11-22-aws', statements: awsTables },
  { name: '2026-11-22-audit-checkpoints', statements: auditCheckpointTables },
  { name: '2026-11-22-approved-change-sets', statements: approvedChangeSets },
  { name: '2026-11-22-drift', statements: driftColumns },
  { name: '2026-11-22-upkeep', statements: upkeepTables },
  { name: '2026-11-22-notices', statements: noticeTables },
  { name: '2026-11-22-cancel-requests', statements: cancelRequests },
  { name: '2026-11-22-project-roles', statements: projectRoleColumns },
  { name: '2026-11-22-lock-queue', statements: lockQueue },
  { name: '2026-11-22-old-token-key', statements: oldTokenKey },
  { name: '2026-11-22-receipts', statements: receipts },
];
