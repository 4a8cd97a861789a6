import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isValueList, isValueMap, unknown, type Value, type ValueMap } from '../../providers/index.ts';
import type { Attribute } from '../../sandbox/resource-type.ts';
import { readObject, type TypedRequest, writeObject, writeSchema } from '../../sandbox/wire-messages.ts';
import { readScript, type Script, type StartLie } from './script.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Message = Readonly<Record<string, unknown>>;
type Call = (request: TypedRequest) => Message;

/** Calls by their protocol names, and what the provider knows by now that others must not. */
export interface Liar {
  readonly calls: Readonly<Record<string, Call>>;
  script(): Script & { readonly start?: StartLie };
  /** Every text that it was ever given. */
  knows(): string[];
  /** Those of the call that was asked last, and of its process. */
  wasGiven(): string[];
}

const text = (name: string, more: Partial<Attribute> = {}): Attribute => ({
  name,
  type: 'string',
  from: 'given',
  description: name,
  ...more,
});
const settings = [text('token', { sensitive: true }), text('endpoint')];
const thing: readonly Attribute[] = [
  text('id', { from: 'computed', stable: true }),
  text('name'),
  text('label', { replaces: true }),
  text('secret', { sensitive: true }),
  text('once', { sensitive: true }),
  text('secrets', { sensitive: true, type: { map: 'string' } }),
  text('secret_out', { sensitive: true, from: 'computed' }),
  text('note', { from: 'computed' }),
];
const words: readonly Attribute[] = [
  text('query'),
  text('secret', { sensitive: true }),
  text('secret_out', { sensitive: true, from: 'computed' }),
  text('note', { from: 'computed' }),
];
const WRITE_ONLY = 'once';

/**
 * `liar_thing` and the data source `liar_words`. Each object is a file in LIAR_CLOUD too, so that a lost one can be
 * counted; LIAR_SCRIPT names the file with the lies.
 */
export function createLiar(environment: Environment): Liar {
  const heard = new Set<string>(environmentTexts(environment));
  const cloud = environment['LIAR_CLOUD'];
  const own = new Set(heard);
  let last = new Set<string>();
  const hear = (object: ValueMap | null): ValueMap | null => {
    for (const each of object === null ? [] : textsIn(object)) {
      heard.add(each);
      last.add(each);
    }
    return object;
  };
  const take = (message: TypedRequest['config'], attributes: readonly Attribute[]) =>
    hear(readObject(message, attributes));
  const write = (object: ValueMap | null) => writeObject(object, thing);
  const calls: Liar['calls'] = {
    GetProviderSchema: () => describe(),
    ValidateProviderConfig: ({ config }) => (take(config, settings), { diagnostics: [] }),
    ConfigureProvider: ({ config }) => (take(config, settings), { diagnostics: [] }),
    ValidateResourceConfig: ({ config }) => (take(config, thing), { diagnostics: [] }),
    ValidateDataResourceConfig: ({ config }) => (take(config, words), { diagnostics: [] }),
    UpgradeResourceState: ({ raw_state: raw }) => ({ upgraded_state: { json: raw?.json }, diagnostics: [] }),
    ReadResource: ({ current_state: state, private: note }) => {
      const known = take(state, thing);
      const found = known !== null && isThere(cloud, known.get('id')) ? known : null;
      return { new_state: write(found), private: note, diagnostics: [] };
    },
    PlanResourceChange: (request) => plan(take(request.prior_state, thing), take(request.config, thing)),
    ApplyResourceChange: (request) => {
      const prior = take(request.prior_state, thing);
      const config = take(request.config, thing);
      const state = apply(cloud, prior, take(request.planned_state, thing), config);
      return { new_state: write(state), private: request.planned_private, diagnostics: [] };
    },
    ImportResourceState: ({ id, type_name: type }) => {
      const state = new Map(thing.map(({ name }): [string, Value] => [name, name === 'id' ? id : null]));
      return { imported_resources: [{ type_name: type, state: write(state), private: note() }], diagnostics: [] };
    },
    ReadDataSource: ({ config }) => {
      const asked = take(config, words) ?? new Map<string, Value>();
      const found = new Map([...asked, ['secret_out', asked.get('secret') ?? null], ['note', 'found']]);
      return { state: writeObject(found, words), diagnostics: [] };
    },
    StopProvider: () => ({ error: '' }),
  };
  const listening = ([name, call]: [string, Call]): [string, Call] => [
    name,
    (request) => {
      last = name === 'ConfigureProvider' ? own : new Set();
      return call(request);
    },
  ];
  return {
    script: () => readScript(environment['LIAR_SCRIPT']),
    knows: () => [...heard],
    wasGiven: () => [...own, ...last],
    calls: Object.fromEntries(Object.entries(calls).map(listening)),
  };
}

/** An object of the type as its answers carry it, for a lie about it. What is not named is null. */
export function packThing(given: Readonly<Record<string, Value>>): { readonly base64: string } {
  const object = new Map(thing.map(({ name }): [string, Value] => [name, given[name] ?? null]));
  return { base64: Buffer.from(writeObject(object, thing).msgpack).toString('base64') };
}

const note = (): Buffer => Buffer.from('{"made_by":"liar"}');

function describe(): Message {
  const schema = writeSchema({ version: 0, description: 'A thing.', attributes: thing }) as {
    block: { attributes: { name: string; write_only?: boolean }[] };
  };
  for (const attribute of schema.block.attributes) attribute.write_only = attribute.name === WRITE_ONLY;
  return {
    provider: writeSchema({ version: 0, description: 'Does what it is told.', attributes: settings }),
    resource_schemas: { liar_thing: schema },
    data_source_schemas: { liar_words: writeSchema({ version: 0, description: 'Words.', attributes: words }) },
    server_capabilities: { plan_destroy: false, get_provider_schema_optional: true },
    diagnostics: [],
  };
}

function plan(prior: ValueMap | null, config: ValueMap | null): Message {
  const replaced = prior !== null && config !== null && prior.get('label') !== config.get('label');
  const planned = config === null ? null : new Map([...config, [WRITE_ONLY, null], ...computedOf(prior, config)]);
  return {
    planned_state: writeObject(planned, thing),
    requires_replace: replaced ? [{ steps: [{ attribute_name: 'label' }] }] : [],
    planned_private: note(),
    diagnostics: [],
  };
}

function computedOf(prior: ValueMap | null, config: ValueMap): [string, Value][] {
  const same = prior !== null && ['name', 'label', 'secret'].every((name) => prior.get(name) === config.get(name));
  const known = (name: string): Value => (same ? (prior?.get(name) ?? null) : unknown);
  return [
    ['id', prior?.get('id') ?? unknown],
    ['secret_out', known('secret_out')],
    ['note', known('note')],
  ];
}

function apply(
  cloud: string | undefined,
  prior: ValueMap | null,
  planned: ValueMap | null,
  config: ValueMap | null,
): ValueMap | null {
  const before = prior?.get('id');
  if (planned === null) {
    if (cloud !== undefined && typeof before === 'string') rmSync(join(cloud, before), { force: true });
    return null;
  }
  const id = typeof before === 'string' ? before : `thing-${randomBytes(6).toString('hex')}`;
  if (cloud !== undefined) {
    mkdirSync(cloud, { recursive: true });
    writeFileSync(join(cloud, id), ''); // nothing of what is secret: the cloud is no output of ours
  }
  const secret = config?.get('secret') ?? null;
  return new Map<string, Value>([
    ...planned,
    ['id', id],
    ['secret_out', typeof secret === 'string' ? secret.split('').toReversed().join('') : null],
    ['note', 'made'],
  ]);
}

function isThere(cloud: string | undefined, id: Value | undefined): boolean {
  return (
    cloud === undefined ||
    (typeof id === 'string' && statSync(join(cloud, id), { throwIfNoEntry: false }) !== undefined)
  );
}

function textsIn(value: Value): string[] {
  if (typeof value === 'string') return [value];
  if (isValueList(value)) return value.flatMap(textsIn);
  return isValueMap(value) ? [...value.values()].flatMap(textsIn) : [];
}

/** The variables that a project has set, and the text of the files that they name. */
function environmentTexts(environment: Environment): string[] {
  const own = Object.entries(environment).filter(([name]) => name.startsWith('OWN_'));
  return own.flatMap(([, value = '']) => [value, ...fileText(value)]);
}

function fileText(path: string): string[] {
  try {
    const content = readFileSync(path, 'utf8');
    return [content, ...content.split('\n')];
  } catch {
    return [];
  }
}
