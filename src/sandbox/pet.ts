import { randomInt } from 'node:crypto';

import { CtyNumber, type ValueMap } from '../providers/index.ts';
import { problemAt, type Outcome, type ResourceType } from './resource-type.ts';
import { numberOf, textOf, withValues } from './value-access.ts';
import { adjectives, animals, adverbs } from './word-list.ts';

const MAX_WORDS = 8;

/** A random name made of words. Nothing exists outside the state, so it can neither drift nor vanish. */
export const pet: ResourceType = {
  name: 'sandbox_pet',
  version: 1,
  description:
    'A random, readable name such as calmly-brave-otter. It keeps its value until keepers or its form change.',
  attributes: [
    { name: 'id', type: 'string', from: 'computed', description: 'The name.' },
    {
      name: 'length',
      type: 'number',
      from: 'defaulted',
      fallback: CtyNumber.from(2),
      replaces: true,
      description: `Number of words, 1 to ${MAX_WORDS}. Default 2.`,
    },
    { name: 'prefix', type: 'string', from: 'given', replaces: true, description: 'Text put before the words.' },
    {
      name: 'separator',
      type: 'string',
      from: 'defaulted',
      fallback: '-',
      replaces: true,
      description: 'Text between the words. Default "-".',
    },
    {
      name: 'keepers',
      type: { map: 'string' },
      from: 'given',
      replaces: true,
      description: 'Any values; a change of one makes a new name.',
    },
  ],
  validate: (config) => {
    const length = numberOf(config, 'length') ?? 1;
    if (Number.isInteger(length) && length >= 1 && length <= MAX_WORDS) return [];
    return [
      problemAt('length', 'Invalid length', `length must be a whole number from 1 to ${MAX_WORDS}, not ${length}.`),
    ];
  },
  create: async (planned) => ({ state: withValues(planned, { id: nameFor(planned) }), problems: [] }),
  read: async (state) => ({ state, problems: [] }),
  delete: async () => [],
  import: async (id) => importName(id),
  // Version 0 called the number of words `words`.
  upgrade: (_version, { words, ...state }) => ({ ...state, length: state['length'] ?? words }),
};

function nameFor(planned: ValueMap): string {
  const length = numberOf(planned, 'length') ?? 2;
  const lists = [...Array.from({ length: Math.max(0, length - 2) }, () => adverbs), adjectives, animals].slice(-length);
  const prefix = textOf(planned, 'prefix');
  const words = lists.map((list) => list[randomInt(list.length)] ?? '');
  return [...(prefix === undefined ? [] : [prefix]), ...words].join(textOf(planned, 'separator') ?? '-');
}

// The words of an imported name are counted by the default separator; a prefix cannot be told apart from them.
function importName(id: string): Outcome {
  const words = id.split('-');
  if (id === '' || words.length > MAX_WORDS) {
    return {
      state: null,
      problems: [problemAt('id', 'Invalid import id', `Give a name of 1 to ${MAX_WORDS} words joined by "-".`)],
    };
  }
  const state = { id, length: CtyNumber.from(words.length), prefix: null, separator: '-', keepers: null };
  return { state: new Map(Object.entries(state)), problems: [] };
}
