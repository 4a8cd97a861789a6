import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';

/** Puts a new key-encryption key in use. Data is not sealed anew: only the keys that seal it are wrapped again. */
export async function rotateEncryptionKey(context: DomainContext, request: Request): Promise<{ id: string }> {
  const { keyId } = await context.storage.vault.rotate();
  const affected = { type: 'ENCRYPTION_KEY', id: keyId };
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, { action: 'encryption-key.rotate', affected }),
  );
  return { id: keyId };
}
