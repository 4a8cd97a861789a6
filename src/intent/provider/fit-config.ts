import type { CallOptions, Executor } from '../../executor/index.ts';
import { conform } from '../../providers/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { errorsOf } from '../../shared/problems.ts';
import { encodeFor, type LoadedType, sessionWith } from './loaded-type.ts';

const MAX_LEFT_OUT = 20; // each costs a call of the provider

/**
 * A configuration that was made of a state has every argument that is known. Providers refuse some of them beside each
 * other, such as a name and the prefix that it was made from. Of what the provider complains about, arguments that it
 * fills in by itself are left out, the last one first, until it complains no more or of others only.
 */
export async function fitConfig(
  executor: Executor,
  loaded: LoadedType,
  derived: Json,
  call?: CallOptions,
): Promise<Json> {
  const filledIn = new Set(
    loaded.schema.block.attributes.filter(({ optional, computed }) => optional && computed).map(({ name }) => name),
  );
  let config = derived;
  for (let left = MAX_LEFT_OUT; left > 0; left -= 1) {
    const refused = await refusedArguments(executor, loaded, config, call);
    const last = refused.findLast((name) => filledIn.has(name));
    if (last === undefined) break;
    config = without(config, last);
  }
  return config;
}

/** Names of the arguments that the provider complains about, in order. */
async function refusedArguments(
  executor: Executor,
  loaded: LoadedType,
  config: Json,
  call?: CallOptions,
): Promise<string[]> {
  const { value, problems } = conform(config, loaded.schema.block);
  if (errorsOf(problems).length > 0) return [];
  const request = { type: loaded.type, config: encodeFor(loaded, value) };
  const answer = await executor.validateResource(await sessionWith(loaded, [value]), request, call);
  return errorsOf(answer.problems)
    .flatMap(({ path: [name] }) => (typeof name === 'string' ? [name] : []))
    .filter((name) => isJsonObject(config) && name in config)
    .toSorted();
}

function without(config: Json, name: string): Json {
  if (!isJsonObject(config)) return config;
  return Object.fromEntries(Object.entries(config).filter(([each]) => each !== name));
}
