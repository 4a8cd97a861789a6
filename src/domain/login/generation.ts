import { createHash } from 'node:crypto';

import type { PolicyRow } from '../../storage/policies.ts';

/**
 * Names the login policies that are in force. Whatever was decided under another name is decided again: that needs no
 * counter that a change could forget to raise, and every server on the same database comes to the same name.
 *
 * @param policies by id
 * @returns undefined when there are none
 */
export function generationOf(
  policies: readonly Pick<PolicyRow, 'id' | 'updatedAt' | 'wasmSha256'>[],
): string | undefined {
  if (policies.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const { id, updatedAt, wasmSha256 } of policies) {
    hash.update(`${id} ${updatedAt.getTime()} ${wasmSha256 ?? ''}\n`);
  }
  return hash.digest('hex');
}
