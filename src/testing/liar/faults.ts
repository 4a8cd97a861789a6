import { unknown, type Value } from '../../providers/index.ts';
import type { Random } from '../campaign.ts';
import { packThing } from './liar.ts';
import type { Lie, Script, StartLie } from './script.ts';

/** One way in which a provider fails its host. */
export interface ProviderFault {
  readonly name: string;
  /** What it does wrong, and in which call; the calls of any operation when none is named. */
  readonly script: (random: Random) => Script & { readonly start?: StartLie };
  /** The provider says clearly that nothing is there, or something else, and lies: nobody can know better. */
  readonly denies?: boolean;
  /** Costs a time-out. */
  readonly waits?: boolean;
}

const acting = ['ValidateResourceConfig', 'PlanResourceChange', 'ApplyResourceChange'];
const calls = ['ConfigureProvider', ...acting, 'ReadResource', 'ImportResourceState'];
const inApply = (lie: Lie): Script => ({ ApplyResourceChange: lie });
const inAnyCall = (name: string, lie: (random: Random) => Lie): ProviderFault => ({
  name,
  script: (random) => ({ [random.pick(calls)]: lie(random) }),
});
const inAnyAct = (name: string, lie: (random: Random) => Lie, more: Partial<ProviderFault> = {}): ProviderFault => ({
  name,
  script: (random) => ({ [random.pick(acting)]: lie(random) }),
  ...more,
});
const stateIs = (name: string, state: (random: Random) => unknown): ProviderFault => ({
  name,
  script: (random) => inApply({ fields: { new_state: state(random) } }),
});
const packed = (state: Readonly<Record<string, Value>>) => ({ msgpack: packThing(state) });
const bytes = (...values: number[]) => ({ msgpack: { base64: Buffer.from(values).toString('base64') } });
const failure = [{ severity: 'ERROR', summary: 'It went wrong', detail: 'in the middle' }];
const randomBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)));

/** Those that are quick first: the short form of a campaign takes the first ones. */
export const providerFaults: readonly ProviderFault[] = [
  { name: 'crashes before it acts', script: () => inApply({ crash: 'before' }) },
  { name: 'crashes when it has acted', script: () => inApply({ crash: 'after' }) },
  stateIs('answers with a number for an object', () => bytes(7)),
  { name: 'reports an error beside the object', script: () => inApply({ diagnostics: failure }) },
  stateIs('answers with null, and no error', () => bytes(0xc0)),
  stateIs('leaves values unknown', () => packed({ id: 'left', name: 'x', secret_out: unknown, note: unknown })),
  stateIs('makes another object than was planned', () => packed({ id: 'other', name: 'another name', note: 'made' })),
  { name: 'prints noise before it shakes hands', script: () => ({ start: { line: 'noise\n%' } }) },
  {
    name: 'does not mind being told to end',
    script: () => ({ start: { ignoreStop: true }, ...inApply({ status: 13 }) }),
  },
  { name: 'prints more than a pipe holds', script: (random) => ({ [random.pick(acting)]: { noise: true } }) },
  inAnyCall('crashes before the call', () => ({ crash: 'before' })),
  inAnyCall('crashes after the call', () => ({ crash: 'after' })),
  inAnyCall('ends in the middle of a long answer', () => ({ crash: 'during' })),
  inAnyCall('refuses with a code of gRPC', (random) => ({ status: 1 + random.below(16), words: 'no\u001b[31m\u202e' })),
  inAnyCall('answers with noise', (random) => ({
    answer: randomBytes(random, 1 + random.below(200)).toString('base64'),
  })),
  inAnyCall('answers with nothing', () => ({ answer: '' })),
  inAnyCall('floods with warnings', (random) => ({ warnings: 1_000 + random.below(20_000) })),
  inAnyCall('is slow', (random) => ({ slowMs: 100 + random.below(500) })),
  inAnyCall('answers beyond the limit of a message', () => ({ hugeMb: 66 })),
  inAnyCall('answers long', () => ({ hugeMb: 20 })),
  inAnyCall('reports an error', () => ({ diagnostics: failure })),
  { name: 'plans a number', script: () => ({ PlanResourceChange: { fields: { planned_state: bytes(7) } } }) },
  {
    name: 'plans what was not asked',
    script: () => ({ PlanResourceChange: { fields: { planned_state: packed({ name: 'other' }) } } }),
  },
  { name: 'plans nothing', script: () => ({ PlanResourceChange: { fields: { planned_state: bytes(0xc0) } } }) },
  { name: 'plans without a plan', script: () => ({ PlanResourceChange: { fields: { planned_state: null } } }) },
  {
    name: 'wants what is not there to be replaced',
    script: () => ({
      PlanResourceChange: {
        fields: {
          requires_replace: [{ steps: [{ attribute_name: 'no_such' }, { element_key_int: 3 }] }, { steps: [] }],
        },
      },
    }),
  },
  stateIs('answers without a state', () => null),
  stateIs('answers in JSON', () => ({ json: { base64: Buffer.from('{"id":"x"}').toString('base64') } })),
  stateIs('answers with a part of a state', (random) => {
    const whole = Buffer.from(packThing({ id: 'x', name: 'x', note: 'made' }).base64, 'base64');
    return { msgpack: { base64: whole.subarray(0, 1 + random.below(whole.length - 1)).toString('base64') } };
  }),
  stateIs('answers with noise for a state', (random) => bytes(...randomBytes(random, 1 + random.below(100)))),
  stateIs('forgets the id', () => packed({ name: 'x', note: 'made' })),
  stateIs('makes an id of 2 MB', () => packed({ id: 'x'.repeat(2_000_000), name: 'x', note: 'made' })),
  stateIs('makes ids that deceive', () => packed({ id: 'a\u202eb\u0000c\u001b[2J', name: 'x', note: 'made' })),
  {
    name: 'denies what it made',
    script: () => inApply({ fields: { new_state: bytes(0xc0) }, diagnostics: failure }),
    denies: true,
  },
  {
    name: 'keeps 2 MB of notes',
    script: () => inApply({ fields: { private: { base64: Buffer.alloc(2_000_000, 1).toString('base64') } } }),
  },
  { name: 'reads a number', script: () => ({ ReadResource: { fields: { new_state: bytes(7) } } }) },
  {
    name: 'finds nothing any more',
    script: () => ({ ReadResource: { fields: { new_state: bytes(0xc0) } } }),
    denies: true,
  },
  {
    name: 'reads something else',
    script: () => ({ ReadResource: { fields: { new_state: packed({ id: 'elsewhere', name: 'y' }) } } }),
    denies: true,
  },
  {
    name: 'imports several',
    script: () => ({
      ImportResourceState: {
        fields: { imported_resources: [1, 2].map(() => ({ type_name: 'liar_thing', state: packed({ id: 'x' }) })) },
      },
    }),
  },
  {
    name: 'imports another type',
    script: () => ({
      ImportResourceState: { fields: { imported_resources: [{ type_name: 'other', state: bytes(0xc0) }] } },
    }),
  },
  { name: 'speaks another protocol', script: () => ({ start: { line: '1|4|unix|/tmp/none|grpc|AAAA' } }) },
  { name: 'shakes hands in another way', script: () => ({ start: { line: '{"hello":"world"}' } }) },
  { name: 'listens somewhere else', script: () => ({ start: { line: '1|6|tcp|198.51.100.7:99|grpc|AAAA' } }) },
  { name: 'shows a certificate that is none', script: () => ({ start: { line: '1|6|unix|/tmp/none|grpc|!!!!' } }) },
  { ...inAnyCall('answers with 300 MB', () => ({ hugeMb: 300 })), waits: true },
  inAnyAct('hangs before it acts', () => ({ hang: 'before' }), { waits: true }),
  inAnyAct('hangs when it has acted', () => ({ hang: 'after' }), { waits: true }),
];
