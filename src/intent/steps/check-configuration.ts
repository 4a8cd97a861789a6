import { checkConfig } from '../provider/check-config.ts';
import { fact, type Run } from '../run.ts';
import { beginJudging } from './judge-change.ts';

/** Holds the configuration to the schema and to the provider's own checks. */
export async function checkConfiguration(run: Run): Promise<void> {
  const { executor } = run.engine.domain;
  const checking = checkConfig(executor, fact(run, 'loaded'), run.ask.config ?? null, 'resource');
  beginJudging(run);
  const checked = await checking;
  run.facts.config = checked.value;
  run.problems.push(...checked.warnings);
}
