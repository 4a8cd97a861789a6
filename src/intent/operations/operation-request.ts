import { noSuch } from '../../shared/errors.ts';
import { findOperation, type OperationRow } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { readRequest } from '../journal/stored.ts';
import type { Ask } from '../run.ts';

/** @throws NO_SUCH */
export async function requireOperation(engine: Engine, project: string, id: string): Promise<OperationRow> {
  const row = await engine.domain.storage.read((db) => findOperation(db, project, id));
  if (row === undefined) throw noSuch('operation', id);
  return row;
}

/** What an operation was asked, from its record. */
export function askOf(row: OperationRow): Ask {
  const { config, importID, importIdentity, providerAlias, rollbackOf } = readRequest(row.request);
  const { kind, project, resourceId: resourceID, provider, type, version } = row;
  return {
    kind,
    project,
    resourceID,
    provider,
    type,
    version,
    providerAlias,
    config,
    importID,
    importIdentity,
    rollbackOf,
  };
}
