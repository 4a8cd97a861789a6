import type { CallOptions, Executor } from '../../executor/index.ts';
import { type Value, valueToJson, valueToPlain } from '../../providers/index.ts';
import type { Json } from '../../shared/json.ts';
import { errorsOf } from '../../shared/problems.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { withEmptyBlocks } from '../merge/empty-blocks.ts';
import { redact } from '../plan/redact.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { secretsInJson } from '../plan/redact-json.ts';
import { plainIdentity } from '../provider/identity.ts';
import { decodeFor, encodeFor, type LoadedType, sessionWith } from '../provider/loaded-type.ts';
import { type KnownObject, nothing } from '../provider/plan-change.ts';
import { refusal, tidyProblems } from '../provider/provider-words.ts';
import { packRecord, readState, type Shown, type StoredState } from './stored.ts';

/** The state of an object as it is stored, sealed. */
export function packState(loaded: LoadedType, { value, identity }: KnownObject): Uint8Array {
  const stored: StoredState = {
    sha256: loaded.binary.sha256,
    msgpack: encodeFor(loaded, value),
    json: valueToJson(value, loaded.valueType),
    shown: shownOf(loaded, value),
    ...(identity === undefined ? {} : { identity, shownIdentity: plainIdentity(loaded, identity) }),
  };
  return packRecord(stored);
}

/** What may be shown of a value. */
export function shownOf(loaded: LoadedType, value: Value): Shown {
  const { value: visible, paths } = redact(loaded.schema.block, value);
  return { value: valueToPlain(visible), redacted: paths };
}

/**
 * The object that a resource stands for, as its provider knew it last. State that another program wrote is handed to the
 * provider to upgrade first.
 *
 * @returns nothing for a resource of which no state is known
 */
export async function openObject(
  executor: Executor,
  loaded: LoadedType,
  resource: ResourceRow,
  call: CallOptions,
): Promise<KnownObject> {
  const stored = readState(resource.state);
  if (stored === undefined) return nothing;
  const notes = resource.private ?? new Uint8Array();
  if (stored.sha256 === loaded.binary.sha256) {
    return { value: openState(loaded, stored.msgpack), private: notes, identity: stored.identity };
  }
  const request = { type: loaded.type, version: resource.schemaVersion, stateJson: stored.json };
  const session = await sessionWith(loaded, []);
  const secrets = [...(session.secrets ?? []), ...secretsInJson(loaded.schema.block, jsonOf(stored.json))];
  const answer = await executor.upgradeState({ ...session, secrets }, request, call);
  const said = tidyProblems(answer.problems, []);
  if (errorsOf(said).length > 0) throw refusal(loaded, `to upgrade the state of ${loaded.type}`, said);
  // Its identity may be of another form by now: the provider tells it anew when the object is read.
  return { value: nullUnknowns(decodeFor(loaded, answer.state)), private: notes };
}

/** A state that this very program wrote, as it would get it back if it were asked to upgrade it: which changes nothing else. */
export function openState(loaded: LoadedType, state: Uint8Array): Value {
  return withEmptyBlocks(loaded.schema.block, decodeFor(loaded, state));
}

/** Our own text, as `packState` wrote it. */
function jsonOf(text: string): Json {
  return JSON.parse(text) as Json;
}
