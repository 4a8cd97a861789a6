/** What a set of rules costs, in percent of the same work without them. */
export interface EnforcementCost {
  readonly subject: string;
  readonly percent: number;
  readonly upperPercent: number;
  readonly pairs: number;
}

const PAIRS = 200;
const BATCH = 25;
const WARM_UP = 10; // batches

/** Runs both in turn, the order changing, and compares their CPU pair by pair. */
export async function comparePairs(
  subject: string,
  withRules: (turn: number) => Promise<unknown>,
  without: (turn: number) => Promise<unknown>,
): Promise<EnforcementCost> {
  for (let batch = 0; batch < WARM_UP; batch++) {
    await cpuOf(withRules, batch);
    await cpuOf(without, batch);
  }
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = pair % 2 === 0 ? withRules : without;
    const second = pair % 2 === 0 ? without : withRules;
    const costs = [await cpuOf(first, pair), await cpuOf(second, pair)] as const;
    ratios.push(pair % 2 === 0 ? costs[0] / costs[1] : costs[1] / costs[0]);
  }
  return { subject, ...boundsOf(ratios), pairs: PAIRS };
}

/** The median, and the upper end of its 95 % interval by rank: another process that cuts in moves neither. */
export function boundsOf(ratios: readonly number[]): Pick<EnforcementCost, 'percent' | 'upperPercent'> {
  const sorted = ratios.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = Math.ceil(middle + (1.96 * Math.sqrt(sorted.length)) / 2);
  const percent = (at: number): number => ((sorted[at] ?? Number.NaN) - 1) * 100;
  return { percent: percent(Math.floor(middle)), upperPercent: percent(upper) };
}

/** Every batch has callers of its own; both sides of a pair have the same. */
async function cpuOf(run: (turn: number) => Promise<unknown>, batch: number): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < BATCH; turn++) await run(batch * BATCH + turn);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
