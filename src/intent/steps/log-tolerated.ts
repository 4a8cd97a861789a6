import { formatPath, type Problem } from '../../shared/problems.ts';
import { providerName } from '../provider/loaded-type.ts';
import { fact, type Run } from '../run.ts';

const MAX_PLACES = 20;

/** Notes for the operator where a provider on the old SDK did otherwise than the protocol has it. Names places only. */
export function logTolerated(run: Run, what: 'plan' | 'result', tolerated: readonly Problem[]): void {
  if (tolerated.length === 0) return;
  const loaded = fact(run, 'loaded');
  const places = tolerated.slice(0, MAX_PLACES).map(({ path, detail }) => `${formatPath(path)}: ${detail}`);
  const details = { provider: providerName(loaded), type: loaded.type, operation: fact(run, 'operation').id, places };
  run.engine.domain.log.warn(details, `tolerated in the ${what}, since the provider is on Terraform's old SDK`);
}
