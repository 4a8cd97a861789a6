import { type ChainLink, findChainEnd, findUnchained, linkAudit, lockChain } from '../../storage/audit.ts';
import type { Storage } from '../../storage/database.ts';
import type { Logger } from '../../shared/logger.ts';
import { auditHash, GENESIS } from './audit-hash.ts';
import type { TrailKeeper } from './trail-keeper.ts';

export interface Sequencer {
  /** Links what is there and ends. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 500; // entries are unchained for about so long; nobody waits for it
const BATCH = 500;

/**
 * Links new entries into the chain, one server at a time, after the transactions that wrote them.
 *
 * @param keeper told of each round
 */
export function startSequencer(
  { storage, log }: { readonly storage: Storage; readonly log: Logger },
  keeper?: TrailKeeper,
): Sequencer {
  let working = Promise.resolve();
  const tick = (): void => {
    working = working
      .then(async () => {
        const linked = await linkAll(storage);
        await keeper?.grown(linked);
      })
      .catch((error: unknown) => log.error({ err: error }, 'the audit trail could not be chained; trying again'));
  };
  const timer = setInterval(tick, INTERVAL_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      tick();
      await working;
      await keeper
        ?.stop()
        .catch((error: unknown) => log.error({ err: error }, 'the last audit checkpoint could not be signed'));
    },
  };
}

/** @returns how many entries it linked, when nothing is left to link or another server is linking */
export async function linkAll(storage: Storage): Promise<number> {
  let linked = 0;
  for (let batch = BATCH; batch === BATCH; linked += batch) batch = await linkBatch(storage);
  return linked;
}

/** Most ticks find nothing: that costs one read and no lock. */
async function linkBatch(storage: Storage): Promise<number> {
  if ((await storage.read((db) => findUnchained(db, 1))).length === 0) return 0;
  return storage.transaction(async (db) => {
    if (!(await lockChain(db))) return 0;
    const [end, entries] = [await findChainEnd(db), await findUnchained(db, BATCH)];
    if (entries.length === 0) return 0;
    const links: ChainLink[] = [];
    let [seq, prevHash] = [end?.seq ?? 0, end?.hash ?? GENESIS];
    for (const entry of entries) {
      seq += 1;
      const hash = auditHash(entry, seq, prevHash);
      links.push({ id: entry.id, seq, prevHash, hash });
      prevHash = hash;
    }
    await linkAudit(db, links);
    return entries.length;
  });
}
