import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';

import { fieldLine, firstSentence, oneLine } from './print-type.ts';
import { stems, synonymOf } from './search-words.ts';

/** One thing that can be found. */
interface Entry {
  /** One line as it is shown. */
  readonly line: string;
  readonly name: ReadonlySet<string>;
  readonly text: ReadonlySet<string>;
  /** Operations weigh more than types, types more than their members. */
  readonly weight: number;
}

export interface SearchIndex {
  /** Lines that fit the words, best first. */
  find(words: string): string[];
}

const NAME_SCORE = 1;
const PREFIX_SCORE = 0.6;
const TEXT_SCORE = 0.45;
const SYNONYM_SCORE = 0.7; // times the score of what it stands for
const MIN_PREFIX = 3;

export function createSearchIndex(schema: GraphQLSchema): SearchIndex {
  const entries = entriesOf(schema);
  const rarity = createRarity(entries);
  return {
    find(words) {
      const wanted = [...new Set(stems(words))];
      return entries
        .map((entry) => ({ entry, score: scoreOf(entry, wanted, rarity) }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score || (a.entry.line < b.entry.line ? -1 : 1))
        .map(({ entry }) => entry.line);
    },
  };
}

/** Rare words say more: the logarithm of how few entries hold one. */
function createRarity(entries: readonly Entry[]): (word: string) => number {
  const counts = new Map<string, number>();
  for (const { name, text } of entries)
    for (const word of new Set([...name, ...text])) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (word) => Math.log(1 + entries.length / (1 + (counts.get(word) ?? 0)));
}

function scoreOf(entry: Entry, wanted: readonly string[], rarity: (word: string) => number): number {
  let score = 0;
  for (const word of wanted) {
    const other = synonymOf(word);
    const direct = matchOf(entry, word) * rarity(word);
    const indirect = other === undefined ? 0 : matchOf(entry, other) * rarity(other) * SYNONYM_SCORE;
    score += Math.max(direct, indirect);
  }
  // Among names that hold the words, the shorter one is nearer to them.
  return (score * entry.weight) / (1 + 0.05 * entry.name.size);
}

function matchOf({ name, text }: Entry, word: string): number {
  if (name.has(word)) return NAME_SCORE;
  if (text.has(word)) return TEXT_SCORE;
  if (word.length < MIN_PREFIX) return 0;
  for (const candidate of name) if (candidate.startsWith(word) || isStart(candidate, word)) return PREFIX_SCORE;
  return 0;
}

function isStart(candidate: string, word: string): boolean {
  return candidate.length >= MIN_PREFIX && word.startsWith(candidate);
}

function entriesOf(schema: GraphQLSchema): Entry[] {
  const roots = new Set([schema.getQueryType()?.name, schema.getMutationType()?.name]);
  return Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type))
    .flatMap((type) =>
      roots.has(type.name) ? memberEntries(type, 1.3) : [typeEntry(type), ...memberEntries(type, 0.8)],
    );
}

function typeEntry(type: GraphQLNamedType): Entry {
  return entry(`${keywordOf(type)} ${type.name}`, type.name, type.description, 1);
}

function keywordOf(type: GraphQLNamedType): string {
  if (isEnumType(type)) return 'enum';
  if (isInputObjectType(type)) return 'input';
  return isInterfaceType(type) ? 'interface' : isObjectType(type) ? 'type' : 'scalar';
}

function memberEntries(type: GraphQLNamedType, weight: number): Entry[] {
  const owner = type.name;
  if (isEnumType(type)) {
    return type
      .getValues()
      .map((value) => entry(`${owner}.${value.name}`, `${owner} ${value.name}`, value.description, weight));
  }
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) =>
      entry(`${owner}.${field.name}: ${String(field.type)}`, `${owner} ${field.name}`, field.description, weight),
    );
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).map((field) => {
    const args = field.args.map((argument) => `${argument.name} ${argument.description ?? ''}`).join(' ');
    const label = weight > 1 ? `${owner} ` : `${owner}.`;
    const name = weight > 1 ? field.name : `${owner} ${field.name}`;
    return entry(`${label}${fieldLine(field)}`, name, field.description, weight, args);
  });
}

function entry(label: string, name: string, description: string | null | undefined, weight: number, more = ''): Entry {
  const sentence = firstSentence(description);
  return {
    line: oneLine(sentence === '' ? label : `${label} # ${sentence}`),
    name: new Set(stems(name)),
    text: new Set(stems(`${description ?? ''} ${more}`)),
    weight,
  };
}
