import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { toText } from './read-json.ts';

/** What a session that uses a project is told of its lock: `Project shop is locked for you until 2026-11-22T10:05:00Z.` */
export function lockLine({ id, lock }: JsonObject): string {
  const until = isJsonObject(lock) && lock['mine'] === true ? Number(lock['until']) : Number.NaN;
  if (!Number.isFinite(until)) return `Project ${toText(id)} is in use by this session.`;
  const time = new Date(until * 1000).toISOString().replace('.000', '');
  return `Project ${toText(id)} is in use by this session and locked for it until ${time}; each operation extends that.`;
}
