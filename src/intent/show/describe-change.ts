import { randomBytes } from 'node:crypto';

import { type Value, valueToPlain } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import type { ShownPlan } from '../journal/stored.ts';
import { planDigest } from '../plan/digest.ts';
import { redact } from '../plan/redact.ts';
import { unknownPaths } from '../plan/unknowns.ts';
import type { LoadedType } from '../provider/loaded-type.ts';
import type { PlannedChange } from '../provider/plan-change.ts';
import type { Ask, Change } from '../run.ts';

/**
 * A plan with what may be shown of it and with the digest that stands for it.
 *
 * @param salt of the operation's earlier plan, so that equal plans have equal digests; a new one for its first
 */
export function describeChange(ask: Ask, loaded: LoadedType, planned: PlannedChange, salt = newSalt()): Change {
  const { binary, type } = loaded;
  const digest = planDigest(
    {
      project: ask.project,
      resourceID: ask.resourceID,
      kind: ask.kind,
      provider: binary.address,
      version: binary.version,
      sha256: binary.sha256,
      type,
      action: planned.action,
      replacePaths: planned.replacePaths,
      config: planned.config,
      prior: planned.prior.value,
      planned: planned.planned.value,
    },
    salt,
  );
  return { planned, shown: showPlan(loaded, planned), salt, digest };
}

export function newSalt(): string {
  return randomBytes(16).toString('base64url');
}

function showPlan(loaded: LoadedType, { action, prior, planned, replacePaths }: PlannedChange): ShownPlan {
  const before = visible(loaded, prior.value);
  const after = visible(loaded, planned.value);
  return {
    action,
    before: valueToPlain(before.value),
    after: valueToPlain(after.value),
    afterUnknown: unknownPaths(planned.value).map(formatPath),
    replacePaths: replacePaths.map(formatPath),
    redacted: [...new Set([...before.paths, ...after.paths])],
  };
}

function visible(loaded: LoadedType, value: Value) {
  return redact(loaded.schema.block, value);
}
