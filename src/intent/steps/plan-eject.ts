import { createHmac } from 'node:crypto';

import { readPlan, readShown } from '../journal/stored.ts';
import { nothing } from '../provider/plan-change.ts';
import { fact, type Run } from '../run.ts';
import { newSalt } from '../show/describe-change.ts';
import { startPlanning } from './plan-change.ts';

/** Nothing happens to the object, so no provider is asked: one that is gone must not keep a record from being dropped. */
export async function planEject(run: Run): Promise<void> {
  const operation = fact(run, 'operation');
  await startPlanning(run, 'planEject');
  const resource = fact(run, 'resource');
  const salt = readPlan(operation.plan)?.salt ?? newSalt();
  const shown = readShown(resource.state);
  const content = JSON.stringify([
    resource.id,
    resource.updatedAt,
    Buffer.from(resource.state ?? []).toString('base64'),
  ]);
  run.facts.change = {
    planned: {
      action: 'no-op',
      prior: nothing,
      config: null,
      planned: nothing,
      destroyPrivate: new Uint8Array(),
      replacePaths: [],
      warnings: [],
      tolerated: [],
    },
    shown: {
      action: 'no-op',
      before: shown.value,
      after: null,
      afterUnknown: [],
      replacePaths: [],
      redacted: shown.redacted,
    },
    salt,
    digest: createHmac('sha256', salt).update(content).digest('hex'),
  };
}
