import type { SchemaBlock } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import { secretPaths } from '../plan/redact-json.ts';
import { withValue } from '../plan/with-value.ts';
import { packRecord, type Shown, type StoredRequest } from './stored.ts';

/**
 * What an operation was asked, with the places of the secrets in it: whoever shows it later needs no provider for that.
 *
 * @param schema of the type, which the configuration fits; without it nothing of the configuration will be shown
 * @param given the configuration with the secrets that are no longer in the one to be kept
 */
export function packRequest(asked: StoredRequest, schema: SchemaBlock | undefined, given = asked.config): Uint8Array {
  const hidden = schema === undefined || given === undefined ? undefined : secretPaths(schema, given);
  return packRecord({ ...asked, hidden });
}

/** What may be shown of the configuration that was asked for. */
export function shownRequest({ config, hidden }: StoredRequest): Shown {
  if (config === undefined) return { value: null, redacted: [] };
  if (hidden === undefined) return { value: null, redacted: ['config'] };
  return {
    value: hidden.reduce((shown, path) => withValue(shown, path, null), config),
    redacted: hidden.map(formatPath),
  };
}
