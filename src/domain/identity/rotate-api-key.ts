import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, findBindingsOf, findRoles, updateApiKey } from '../../storage/identity.ts';
import { deletePersonalTokensOf } from '../../storage/personal-tokens.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { placeOf } from './grants.ts';
import { checkGroups, checkHandOut } from './hand-out.ts';
import { type ApiKeyRecord, refuseAssistant, toApiKeyRecord } from './api-keys.ts';
import { newSecret } from './api-key-secret.ts';
import { rightsChanged } from '../rights-changed.ts';

const MAX_GRACE_SECONDS = 30 * 24 * 60 * 60;

/**
 * Gives a key a new secret, which is in the answer and nowhere else. Only who holds all that the key holds may see it.
 *
 * @param graceSeconds how long the old secret goes on counting, so that what uses it can be told; with 0 it ends now,
 * and so does all that was made with it: whoever had the secret may have made something for later
 */
export async function rotateApiKey(
  context: DomainContext,
  request: Request,
  id: string,
  graceSeconds: number,
): Promise<ApiKeyRecord> {
  refuseAssistant(request);
  if (graceSeconds < 0 || graceSeconds > MAX_GRACE_SECONDS) {
    throw badInput('graceSeconds', `must be from 0 to ${MAX_GRACE_SECONDS}`);
  }
  const { secret, hash } = newSecret();
  const record = await context.storage.transaction(async (db) => {
    const row = await findApiKey(db, id);
    if (row === undefined || row.deleted) throw noSuch('apiKey', id);
    if (row.oidc !== undefined)
      throw new AppError('CONFLICT', `apiKey: ${id} has no secret; it takes tokens of ${row.oidc.issuer}`);
    await checkActAs(db, request, row);
    const columns = rotated(context, row, hash, graceSeconds);
    await updateApiKey(db, id, columns);
    if (graceSeconds === 0) await deletePersonalTokensOf(db, 'API_KEY', id);
    await recordAudit(db, context, request, {
      action: 'api-key.rotate',
      affected: { type: 'API_KEY', id },
      data: { name: row.name, graceSeconds },
    });
    return toApiKeyRecord(db, { ...row, ...columns });
  });
  await rightsChanged(context);
  return { ...record, secret };
}

/** Whoever sees the secret can act as the key: as if they were handing its roles to themselves. */
async function checkActAs(db: Db, { caller }: Request, { id, teams }: ApiKeyRow): Promise<void> {
  const roles = new Map((await findRoles(db)).map((role) => [role.id, role.actions]));
  const held = await findBindingsOf(db, 'API_KEY', id);
  await checkHandOut(
    db,
    caller,
    held.map((binding) => ({ actions: roles.get(binding.roleId) ?? [], place: placeOf(binding) })),
  );
  await checkGroups(db, caller, teams);
}

function rotated({ clock }: DomainContext, row: ApiKeyRow, hash: Buffer, graceSeconds: number): Partial<ApiKeyRow> {
  if (graceSeconds === 0) {
    const ended = { previousSecretHash: undefined, previousSecretUntil: undefined };
    return { secretHash: hash, ...ended, generation: row.generation + 1 };
  }
  const previousSecretUntil = new Date(clock.now().getTime() + graceSeconds * 1000);
  return { secretHash: hash, previousSecretHash: row.secretHash, previousSecretUntil };
}
