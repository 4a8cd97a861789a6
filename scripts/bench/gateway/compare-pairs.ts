/** What a set of rules costs, in percent of the same work without them. */
export interface EnforcementCost {
  readonly subject: string;
  readonly percent: number;
  readonly upperPercent: number;
  readonly pairs: number;
}

const PAIRS = 200;
const BATCH = 25;

/** Runs both in turn, the order changing, and compares their CPU pair by pair. */
export async function comparePairs(
  subject: string,
  withRules: (turn: number) => Promise<unknown>,
  without: (turn: number) => Promise<unknown>,
): Promise<EnforcementCost> {
  await cpuOf(withRules);
  await cpuOf(without);
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = pair % 2 === 0 ? withRules : without;
    const second = pair % 2 === 0 ? without : withRules;
    const costs = [await cpuOf(first), await cpuOf(second)] as const;
    ratios.push(pair % 2 === 0 ? costs[0] / costs[1] : costs[1] / costs[0]);
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ratios.length - 1);
  const upper = mean + 1.96 * Math.sqrt(variance / ratios.length);
  return { subject, percent: (mean - 1) * 100, upperPercent: (upper - 1) * 100, pairs: PAIRS };
}

async function cpuOf(run: (turn: number) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < BATCH; turn++) await run(turn * 37);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
