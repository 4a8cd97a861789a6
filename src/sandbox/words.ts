import type { DataSource } from './resource-type.ts';
import { textOf, withValues } from './value-access.ts';
import { adjectives, adverbs, animals } from './word-list.ts';

/** The words pets are made of. */
export const words: DataSource = {
  name: 'sandbox_words',
  version: 0,
  description: 'The words that sandbox_pet draws from.',
  attributes: [
    { name: 'starts_with', type: 'string', from: 'given', description: 'Only words that begin so.' },
    { name: 'words', type: { list: 'string' }, from: 'computed', description: 'The words in alphabetical order.' },
  ],
  validate: () => [],
  read: async (config) => {
    const start = textOf(config, 'starts_with') ?? '';
    const found = [...adverbs, ...adjectives, ...animals].filter((word) => word.startsWith(start)).toSorted();
    return { state: withValues(config, { words: found }), problems: [] };
  },
};
