// Loaded before the server by `npm run bench audited`: leaves the entries of some resources out of the audit trail. All
// else of the server is as it ships.
import { registerHooks } from 'node:module';

/** How the ids of those resources begin. */
export const UNAUDITED = 'unaudited-';

const FILE = '/src/storage/audit.ts';
// An entry is written by itself, or as a part of the statement that ends an operation.
const PLACES: readonly { readonly begins: string; readonly instead: string }[] = [
  {
    begins: 'export async function insertAudit(db: Db, entry: AuditRow): Promise<void> {\n',
    instead: 'return;',
  },
  {
    begins: 'export function tellingPart(entry: AuditRow): Part {\n',
    instead: "return { sql: 'told as (select 1)', values: [] };",
  },
];

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(FILE) || loaded.source === undefined || loaded.source === null) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: PLACES.reduce(leaveOut, source) };
  },
});

function leaveOut(source: string, { begins, instead }: (typeof PLACES)[number]): string {
  if (!source.includes(begins)) throw new Error(`${FILE} has changed: the audit trail cannot be left out`);
  return source.replace(begins, `${begins}  if (entry.affectedId?.startsWith('${UNAUDITED}')) ${instead}\n`);
}
