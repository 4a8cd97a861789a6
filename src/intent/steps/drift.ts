import type { Value } from '../../providers/index.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { changedPaths } from '../compare/changed-paths.ts';
import { shownPaths } from '../compare/shown-paths.ts';
import { textOf } from '../journal/json-fields.ts';
import { readState } from '../journal/stored.ts';
import { decodeFor } from '../provider/loaded-type.ts';
import { type Drift, fact, type Run } from '../run.ts';

/**
 * How an object differs from what it was after the last change made here. Each refresh records what it finds, so the
 * state of that time is kept for as long as there is a difference: what is set back outside is no drift any more.
 */
export function driftSince(run: Run, now: Value): Drift | undefined {
  const resource = fact(run, 'resource');
  const base = baseOf(run, resource);
  if (base === undefined) return undefined;
  const paths = shownPaths(changedPaths(base.value, now));
  if (paths.length === 0) return undefined;
  const { drift } = resource;
  const known = isJsonObject(drift) && resource.driftBase !== undefined;
  return {
    paths,
    since: known ? Number(drift['since']) : unixSeconds(run.engine.domain.clock.now()),
    operation: known ? textOf(drift, 'operation') : fact(run, 'operation').id,
    base: base.bytes,
  };
}

/** The first difference is held against the recorded state. A state of another program cannot be compared. */
function baseOf(run: Run, { state, driftBase }: ResourceRow): { value: Value; bytes: Uint8Array } | undefined {
  const bytes = driftBase ?? state;
  const stored = readState(bytes);
  const loaded = fact(run, 'loaded');
  if (bytes === undefined || stored === undefined || stored.sha256 !== loaded.binary.sha256) return undefined;
  return { value: decodeFor(loaded, stored.msgpack), bytes };
}

/** What is recorded of drift with an outcome: a change that went through ends it. */
export function driftColumns(run: Run): Pick<ResourceRow, 'drift' | 'driftBase'> {
  const { drift, failure } = fact(run, 'outcome');
  const { resource } = run.facts;
  if (failure !== undefined) return { drift: resource?.drift, driftBase: resource?.driftBase };
  return { drift: drift === undefined ? undefined : shown(drift), driftBase: drift?.base };
}

function shown({ paths, since, operation }: Drift): JsonObject {
  return { paths: [...paths], since, operation };
}
