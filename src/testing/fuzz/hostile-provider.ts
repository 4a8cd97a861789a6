import {
  decodeValue,
  encodeValue,
  impliedType,
  type SchemaAttribute,
  type SchemaBlock,
} from '../../providers/index.ts';
import { type ProviderConnection, typeToJson, unknown, type Value } from '../../providers/index.ts';
import { loadProtocol, type ProtocolVersion } from '../../providers/protocol/load-protocol.ts';
import type { CallName } from '../../providers/protocol/messages.ts';
import { methodNames5 } from '../../providers/protocol/protocol5/method-names.ts';
import { methodNames6 } from '../../providers/protocol/protocol6/method-names.ts';
import { ProviderCallError } from '../../providers/protocol/provider-call-error.ts';
import { type CallChannel, connectionOver } from '../../providers/protocol/provider-connection.ts';
import { nullUnknowns } from '../../intent/plan/unknowns.ts';
import type { Random } from '../campaign.ts';
import { aBlock, anAttribute, aNestedAttribute, aNestedBlock } from '../schemas.ts';
import { damageMessage } from './damage-message.ts';
import { hostileValue, noise } from './hostile-value.ts';

/** A resource type with one of everything that a schema can have. */
export const everything: SchemaBlock = aBlock(
  [
    anAttribute('id', 'computed'),
    anAttribute('name', 'required'),
    anAttribute('size', 'optional-computed', 'number'),
    anAttribute('on', 'optional', 'bool'),
    anAttribute('secret', 'optional', 'string', { sensitive: true }),
    anAttribute('once', 'optional', 'string', { writeOnly: true }),
    anAttribute('any', 'optional-computed', 'dynamic'),
    anAttribute('names', 'optional-computed', { set: 'string' }),
    anAttribute('shape', 'optional-computed', { object: { a: 'string', b: { list: 'number' } } }),
    anAttribute('pair', 'computed', { tuple: ['string', 'bool'] }),
    aNestedAttribute('rules', 'optional-computed', 'SET', [
      anAttribute('from', 'optional'),
      anAttribute('to', 'computed', 'number'),
    ]),
    aNestedAttribute('labels', 'optional-computed', 'MAP', [anAttribute('text', 'optional-computed')]),
  ],
  [
    aNestedBlock(
      'disk',
      'LIST',
      aBlock([anAttribute('path', 'optional-computed'), anAttribute('extra', 'computed', 'dynamic')]),
    ),
    aNestedBlock('port', 'SET', aBlock([anAttribute('number', 'optional-computed', 'number')])),
    aNestedBlock('note', 'MAP', aBlock([anAttribute('text', 'optional-computed')])),
    aNestedBlock('limits', 'GROUP', aBlock([anAttribute('cpu', 'optional-computed', 'number')])),
  ],
);

export const everythingType = impliedType(everything);
export const identityType = { object: { name: 'string', region: 'string' } } as const;

export interface Hostility {
  readonly random: Random;
  readonly protocol: ProtocolVersion;
}

/**
 * A connection whose answers are made at random, most of them nearly right, and go through the same decoders as those of
 * a real process.
 */
export async function hostileConnection(hostility: Hostility): Promise<ProviderConnection> {
  const { random, protocol } = hostility;
  const definitions = await loadProtocol(protocol);
  const names = protocol === 5 ? methodNames5 : methodNames6;
  const channel: CallChannel = {
    definitions,
    call: (name, request) => {
      const method = definitions.provider[names[name]];
      if (method === undefined) throw new Error(`no method ${name}`);
      const honest = Buffer.from(method.responseSerialize(answerOf(hostility, name, request)));
      const bytes = random.chance(0.45) ? damageMessage(random, honest) : honest;
      const sent = random.chance(0.03) ? noise(random, random.below(200)) : bytes;
      return Promise.resolve().then(() => {
        try {
          const { deserialize } = name === 'getSchema' ? definitions.schemaParts : method.responseType;
          return deserialize(sent) as never; // the caller's own type, as in the channel itself
        } catch (error) {
          const words = `Response message parsing error: ${error instanceof Error ? error.message : ''}`;
          throw new ProviderCallError(name, 'BROKEN', 'the call broke off (gRPC code 13)', { words });
        }
      });
    },
    readOutput: () => {},
    shutdown: () => Promise.resolve(),
    close: () => {},
  };
  return connectionOver(channel, protocol);
}

type Message = Record<string, unknown>;

function answerOf({ random }: Hostility, name: CallName, request: object): Message {
  const said = { diagnostics: random.chance(0.25) ? diagnostics(random) : [] };
  const deferred = random.chance(0.03) ? { reason: random.below(6) } : null;
  switch (name) {
    case 'getSchema':
      return { ...said, ...wireSchemas(random) };
    case 'identitySchemas':
      return { ...said, identity_schemas: identitySchemas(random) };
    case 'plan': {
      const planned_state = stateFor(random, request, 'proposed_new_state', true);
      const requires_replace = random.chance(0.3) ? [wirePath(random), wirePath(random)] : [];
      return { ...said, deferred, planned_state, requires_replace, ...privately(random, 'planned_private'), ...identity(random, 'planned_identity'), legacy_type_system: random.chance(0.2) };
    } // prettier-ignore
    case 'apply': {
      const new_state = stateFor(random, request, 'planned_state', false);
      return { ...said, new_state, ...privately(random, 'private'), ...identity(random, 'new_identity'), legacy_type_system: random.chance(0.2) };
    } // prettier-ignore
    case 'read':
      return { ...said, deferred, new_state: stateFor(random, request, 'current_state', false), ...privately(random, 'private'), ...identity(random, 'new_identity') }; // prettier-ignore
    case 'import':
      return { ...said, deferred, imported_resources: Array.from({ length: random.pick([0, 1, 1, 1, 2, 9]) }, () => imported(random)) }; // prettier-ignore
    case 'upgrade':
      return { ...said, upgraded_state: anyState(random) };
    case 'readDataSource':
      return { ...said, deferred, state: anyState(random) };
    default:
      return said;
  }
}

function imported(random: Random): Message {
  const type_name = random.pick(['acme_thing', 'acme_thing', 'other\u0000\u202e', '__proto__', 'long'.repeat(5_000)]);
  return { type_name, state: anyState(random), ...privately(random, 'private'), ...identity(random, 'identity') };
}

const privately = (random: Random, name: string): Message => ({ [name]: noise(random, random.below(20)) });

const identity = (random: Random, name: string): Message =>
  random.chance(0.5) ? {} : { [name]: { identity_data: { msgpack: hostileValue(random, identityType) } } };

function anyState(random: Random): Message | null {
  if (random.chance(0.05)) return random.pick([null, {}, { json: Buffer.from('{}') }, { msgpack: Buffer.alloc(0) }]);
  return { msgpack: hostileValue(random, everythingType) };
}

/** What an honest provider would answer to the request, or something else. */
function stateFor(random: Random, request: object, field: string, planned: boolean): Message | null {
  if (random.chance(0.3)) return anyState(random);
  const sent = Object.entries(request).find(([name]) => name === field)?.[1] as { msgpack: Uint8Array };
  const value = decodeValue(sent.msgpack, everythingType);
  const answer = planned ? withUnknowns(value) : filled(value);
  const bytes = Buffer.from(encodeValue(answer, everythingType));
  return { msgpack: random.chance(0.2) ? damageMessage(random, bytes) : bytes };
}

function withUnknowns(value: Value): Value {
  return value instanceof Map
    ? new Map<string, Value>([...(value as Map<string, Value>), ['id', unknown], ['once', null]])
    : value;
}

function filled(value: Value): Value {
  return nullUnknowns(value);
}

const WORDS = ['It failed', '', '\u0000\u001b[31m\u202e\u2066', 'x'.repeat(9_000), 'two\nlines\r\u0085', '__proto__'];

function diagnostics(random: Random): Message[] {
  return Array.from({ length: random.chance(0.03) ? 200 : 1 + random.below(2) }, () => ({
    severity: random.pick([0, 1, 2, 2, 2, 2, 99]),
    summary: random.pick(WORDS),
    detail: random.pick(WORDS),
    attribute: random.chance(0.5) ? null : wirePath(random),
  }));
}

function wirePath(random: Random): Message {
  const step = (): Message =>
    random.pick<Message>([
      { attribute_name: random.pick(['name', 'any', 'rules', '__proto__', '\u001b[31m', 'y'.repeat(5_000)]) },
      { element_key_string: random.pick(['a', '\u202e']) },
      { element_key_int: random.pick(['0', '-1', '9223372036854775807']) },
      {},
    ]);
  return { steps: Array.from({ length: random.pick([1, 1, 2, 3, 3_000]) }, step) };
}

const NAMES = ['a_name', 'b', '', '__proto__', 'constructor', '\u0000\u202e', 'n'.repeat(70_000), 'a_name'];

function wireSchemas(random: Random): Message {
  const schema = (): Message => ({
    version: random.pick(['0', '3', '-1', '9223372036854775807']),
    block: wireBlock(random, everything),
  });
  return {
    provider: schema(),
    resource_schemas: { acme_thing: schema(), ...(random.chance(0.3) ? { [random.pick(NAMES)]: schema() } : {}) },
    data_source_schemas: { acme_words: schema() },
    server_capabilities: random.chance(0.5) ? null : { plan_destroy: true },
  };
}

function identitySchemas(random: Random): Message {
  const attribute = (): Message => ({
    name: random.chance(0.1) ? random.pick(NAMES) : 'name',
    type: wireType(random, '"string"'),
  });
  return { acme_thing: { version: 1, identity_attributes: [attribute(), attribute()] } };
}

function wireBlock(random: Random, block: SchemaBlock): Message {
  return {
    attributes: block.attributes.map((attribute) => wireAttribute(random, attribute)),
    block_types: block.blocks.map((nested) => ({
      type_name: random.chance(0.03) ? random.pick(NAMES) : nested.name,
      nesting: random.chance(0.03) ? random.below(120) : nested.nesting,
      min_items: random.chance(0.03) ? '-9223372036854775808' : '0',
      max_items: '0',
      block: random.chance(0.03) ? null : wireBlock(random, nested.block),
    })),
    description: random.pick(WORDS),
  };
}

function wireAttribute(random: Random, attribute: SchemaAttribute): Message {
  const { nested } = attribute;
  return {
    ...attribute,
    name: random.chance(0.02) ? random.pick(NAMES) : attribute.name,
    type: wireType(random, JSON.stringify(typeToJson(attribute.type))),
    write_only: attribute.writeOnly,
    description: random.pick(WORDS),
    nested_type:
      nested === undefined
        ? null
        : {
            nesting: random.chance(0.03) ? random.below(120) : nested.nesting,
            attributes: nested.attributes.map((each) => wireAttribute(random, each)),
          },
  };
}

function wireType(random: Random, honest: string): Buffer {
  if (!random.chance(0.02)) return Buffer.from(honest);
  return Buffer.from(
    random.pick(['', '{}', '"nothing"', '["object",{"__proto__":"string"}]', '['.repeat(100_000), `${'["list",'.repeat(70)}"bool"${']'.repeat(70)}`]),
  ); // prettier-ignore
}
