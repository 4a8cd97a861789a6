import { conform, type Value, valueToPlain } from '../../providers/index.ts';
import { maskError } from '../../shared/errors.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { errorsOf, formatPath, formatProblem } from '../../shared/problems.ts';
import type { Engine } from '../engine.ts';
import { changedPaths } from '../compare/changed-paths.ts';
import { shownPaths } from '../compare/shown-paths.ts';
import { secretsIn } from '../plan/redact.ts';
import { importTarget } from '../provider/identity.ts';
import { encodeFor, type LoadedType, sessionWith } from '../provider/loaded-type.ts';
import { type KnownObject, planChange, type PlannedChange } from '../provider/plan-change.ts';
import { tidyProblems } from '../provider/provider-words.ts';
import { importObject } from '../provider/read-object.ts';

/** What an `import` block would come to, as the provider says now. */
export type ImportCheck =
  | { readonly outcome: 'no-op' }
  | { readonly outcome: 'update' | 'replace'; readonly paths: readonly string[] }
  | { readonly outcome: 'refused' | 'unplanned'; readonly reason: string };

export interface CheckedImport {
  readonly check: ImportCheck;
  /** The configuration that fits what is imported. */
  readonly config: Json;
}

/** Imports the object as Terraform would, without keeping it, and plans its configuration against what was found. */
export async function checkImport(
  engine: Engine,
  loaded: LoadedType,
  id: string,
  config: Json,
): Promise<CheckedImport> {
  const call = { timeoutMs: engine.limits.callMs };
  const target = importTarget(loaded, id, undefined);
  const found = await importObject(engine.domain.executor, loaded, target, call).catch((error: unknown) =>
    reasonOf(error),
  );
  if (typeof found === 'string') return { check: { outcome: 'refused', reason: found }, config };
  const check = await planOver(engine, loaded, found.object, config);
  if (check.outcome !== 'update' && check.outcome !== 'replace') return { check, config };
  const filled = withEmpties(loaded, config, found.object.value);
  const again = await planOver(engine, loaded, found.object, filled);
  return again.outcome === 'no-op' ? { check: again, config: filled } : { check, config };
}

async function planOver(engine: Engine, loaded: LoadedType, prior: KnownObject, config: Json): Promise<ImportCheck> {
  const { value, problems } = conform(config, loaded.schema.block);
  if (errorsOf(problems).length > 0) return { outcome: 'unplanned', reason: 'its configuration is not complete' };
  const refused = await refusalOf(engine, loaded, value);
  if (refused !== undefined) return { outcome: 'unplanned', reason: refused };
  const wanted = { prior, config: value, tainted: false, call: { timeoutMs: engine.limits.callMs } };
  const plan = await planChange(engine.domain.executor, loaded, wanted).catch((error: unknown) => reasonOf(error));
  return typeof plan === 'string' ? { outcome: 'unplanned', reason: plan } : outcomeOf(prior.value, plan);
}

/** What Terraform would stop at before it plans; undefined where the provider takes the configuration. */
async function refusalOf({ domain, limits }: Engine, loaded: LoadedType, config: Value): Promise<string | undefined> {
  const request = { type: loaded.type, config: encodeFor(loaded, config) };
  const call = { timeoutMs: limits.callMs };
  const answer = await sessionWith(loaded, [config])
    .then((session) => domain.executor.validateResource(session, request, call))
    .catch((error: unknown) => reasonOf(error));
  if (typeof answer === 'string') return answer;
  const [first] = errorsOf(tidyProblems(answer.problems, secretsIn(loaded.schema.block, config)));
  return first === undefined ? undefined : `its configuration is refused: ${formatProblem(first)}`;
}

function outcomeOf(found: Value, { action, planned, replacePaths }: PlannedChange): ImportCheck {
  if (action === 'no-op') return { outcome: 'no-op' };
  if (action === 'replace') return { outcome: 'replace', paths: replacePaths.map(formatPath) };
  return { outcome: 'update', paths: shownPaths(changedPaths(found, planned.value)) };
}

/** Some providers import an empty value where none was given, and take these for different: it is written down then. */
function withEmpties({ schema }: LoadedType, config: Json, found: Value): Json {
  const plain = valueToPlain(found);
  if (!isJsonObject(config) || !isJsonObject(plain)) return config;
  const given = schema.block.attributes
    .filter(({ name, optional, sensitive }) => optional && !sensitive && (config[name] ?? null) === null)
    .map(({ name }): [string, Json] => [name, plain[name] ?? null])
    .filter(([, value]) => isEmpty(value));
  return { ...config, ...Object.fromEntries(given) };
}

function isEmpty(value: Json): boolean {
  if (value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function reasonOf(error: unknown): string {
  return maskError(error, 'export').message;
}
