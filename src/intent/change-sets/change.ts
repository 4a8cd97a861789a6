import { invariant } from '../../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import type { ChangeSetRow } from '../../storage/change-sets.ts';
import { packRecord } from '../journal/stored.ts';
import type { Ask } from '../run.ts';
import type { Reference } from './references/fill-in.ts';
import { parseTemplates, type Template } from './references/parse-templates.ts';

export const changeKinds = ['CREATE', 'UPDATE', 'DELETE', 'IMPORT'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One change of a change set, with what it needs. */
export interface Change {
  readonly position: number;
  readonly ask: Ask & { readonly kind: ChangeKind };
  readonly templates: readonly Template[];
  /** By their expressions. */
  readonly references: ReadonlyMap<string, Reference>;
  /** Positions of the changes that must be done before it. */
  readonly needs: ReadonlySet<number>;
}

/** What messages call the configuration of a change. */
export function configOf(position: number): string {
  return `changes[${position}].config`;
}

/** The change as it was tried: what a first attempt left half-made is changed by the next one, not made again. */
export function asTried(change: Change, kind: ChangeKind): Change {
  return change.ask.kind === kind ? change : { ...change, ask: { ...change.ask, kind } };
}

/** What is kept of a set that is at its end: its configurations may hold secrets that nobody needs any more. */
export function packEnded(changes: readonly Change[]): Uint8Array {
  return packChanges(
    changes.map((change) => ({ ...change, ask: { ...change.ask, config: undefined }, references: new Map() })),
  );
}

/** The changes of a set as they are stored, sealed: they may hold secrets. */
export function packChanges(changes: readonly Change[]): Uint8Array {
  return packRecord({
    changes: changes.map(({ ask, references, needs }) => ({
      ask: { ...ask, confirmation: undefined },
      references: [...references.values()],
      needs: [...needs],
    })),
  });
}

export function readChanges(row: ChangeSetRow): Change[] {
  const record: unknown = JSON.parse(Buffer.from(row.request ?? Buffer.from('{"changes":[]}')).toString());
  invariant(isJsonObject(record), 'a stored change set is an object');
  return listOf(record['changes']).map((change, position) => readChange(change, position, row.project));
}

function readChange(change: Json, position: number, project: string): Change {
  invariant(isJsonObject(change) && isJsonObject(change['ask']), 'a stored change says what was asked');
  const ask = readAsk(change['ask'], project);
  const references = listOf(change['references']).map(readReference);
  return {
    position,
    ask,
    templates: ask.config === undefined ? [] : parseTemplates(ask.config, configOf(position)),
    references: new Map(references.map((reference) => [reference.expression, reference])),
    needs: new Set(listOf(change['needs']).filter((need) => typeof need === 'number')),
  };
}

function readAsk(ask: JsonObject, project: string): Change['ask'] {
  const text = (key: string): string | undefined => {
    const value = ask[key];
    return typeof value === 'string' ? value : undefined;
  };
  const kind = changeKinds.find((each) => each === ask['kind']);
  invariant(kind !== undefined, 'a stored change has a kind');
  return {
    kind,
    project,
    resourceID: text('resourceID') ?? '',
    provider: text('provider'),
    type: text('type'),
    version: text('version'),
    providerAlias: text('providerAlias'),
    config: ask['config'],
    importID: text('importID'),
    importIdentity: ask['importIdentity'],
  };
}

function readReference(reference: Json): Reference {
  invariant(isJsonObject(reference), 'a stored reference is an object');
  const { expression, resourceID } = reference;
  invariant(typeof expression === 'string' && typeof resourceID === 'string', 'a stored reference names its resource');
  const steps = listOf(reference['steps']).filter((step) => typeof step === 'string' || typeof step === 'number');
  return { expression, resourceID, steps };
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

// `Array.isArray` does not narrow a readonly array.
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
