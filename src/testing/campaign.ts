// Tests in number: every case is made from a seed that is printed, so that a failure can be run again by itself, and a
// campaign can be split over several computers. `scripts/campaigns.ts` sets what is read here.

export type CampaignSize = 'short' | 'tenth' | 'full';

export interface Campaign {
  /** How many cases there are at this size, over all shards. */
  readonly count: number;
  /** Runs those of this shard, one after the other. @throws what a case throws, with how to run that case again */
  run(attempt: (random: Random, index: number) => Promise<void> | void): Promise<void>;
}

/** Numbers that look random and are the same for the same case. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number of 0 to `below` - 1. */
  below(below: number): number;
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export const campaignSize = parseSize(process.env['SLUICE_TEST_SIZE']);
export const campaignSeed = Number(process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const [shard = 1, shards = 1] = (process.env['SLUICE_TEST_SHARD'] ?? '1/1').split('/').map(Number);
const onlyCase = process.env['SLUICE_TEST_CASE'];

/**
 * @param name as in the names of its tests, so that they can be chosen by it
 * @param counts how many cases there are at each size
 */
export function campaign(name: string, counts: Readonly<Record<CampaignSize, number>>): Campaign {
  const count = counts[campaignSize];
  return {
    count,
    async run(attempt) {
      for (let index = 0; index < count; index += 1) {
        if (onlyCase === undefined ? index % shards !== shard - 1 : index !== Number(onlyCase)) continue;
        try {
          await attempt(createRandom(`${campaignSeed} ${name} ${index}`), index);
        } catch (error) {
          throw withReplay(error, name, index);
        }
      }
    },
  };
}

/** A line for whoever reads what a campaign did: counts belong there. */
export function tell(line: string): void {
  process.stdout.write(`      ${line}\n`);
}

function withReplay(error: unknown, name: string, index: number): unknown {
  const script = process.env['SLUICE_TEST_SCRIPT'] ?? 'test:security';
  const again = `npm run ${script} -- --size ${campaignSize} --seed ${campaignSeed} --case ${index} --grep "${name}"`;
  if (!(error instanceof Error)) return error;
  const where = `case ${index}; again: ${again}`;
  error.message = `${error.message}\n${where}`;
  error.stack = `${error.stack ?? ''}\n${where}`;
  return error;
}

function parseSize(text: string | undefined): CampaignSize {
  return text === 'tenth' || text === 'full' ? text : 'short';
}

/** A small generator of good quality (splitmix32); nothing secret is made with it. */
export function createRandom(seed: string): Random {
  let state = hashText(seed);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (share) => next() < share,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new Error('nothing to pick from');
      return list[below(list.length)] as T; // an index below the length
    },
  };
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
