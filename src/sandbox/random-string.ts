import { randomBytes, randomInt } from 'node:crypto';

import { CtyNumber, type Value, type ValueMap } from '../providers/index.ts';
import type { Problem } from '../shared/problems.ts';
import { problemAt, type Attribute, type Outcome, type ResourceType } from './resource-type.ts';
import { flagOf, numberOf, withValues } from './value-access.ts';

const MAX_LENGTH = 4096;

/** Kinds of characters, in the order of the attributes. */
const kinds = {
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  numeric: '0123456789',
  special: '!@#$%&*()-_=+[]{}<>:?',
} as const;
const kindNames = ['upper', 'lower', 'numeric', 'special'] as const;
type Kind = (typeof kindNames)[number];

/** Two random texts of one recipe: one to show, one to keep secret. */
export const randomString: ResourceType = {
  name: 'sandbox_string',
  version: 0,
  description: 'Random text of a chosen length and kinds of characters, once in plain and once as a secret.',
  attributes: [
    { name: 'id', type: 'string', from: 'computed', description: 'Random, says nothing about the texts.' },
    {
      name: 'length',
      type: 'number',
      from: 'given',
      required: true,
      replaces: true,
      description: `Number of characters, 1 to ${MAX_LENGTH}.`,
    },
    ...kindNames.flatMap(attributesOf),
    {
      name: 'keepers',
      type: { map: 'string' },
      from: 'given',
      replaces: true,
      description: 'Any values; a change of one makes new texts.',
    },
    { name: 'result', type: 'string', from: 'computed', description: 'The text.' },
    {
      name: 'secret_result',
      type: 'string',
      from: 'computed',
      sensitive: true,
      description: 'Another text of the same recipe, marked sensitive.',
    },
  ],
  validate: (config) => [...checkLength(config), ...checkKinds(config)],
  create: async (planned) => ({
    state: withValues(planned, {
      id: randomBytes(8).toString('hex'),
      result: textFor(planned),
      secret_result: textFor(planned),
    }),
    problems: [],
  }),
  read: async (state) => ({ state, problems: [] }),
  delete: async () => [],
  import: async (text) => importText(text),
};

function attributesOf(kind: Kind): Attribute[] {
  return [
    {
      name: kind,
      type: 'bool',
      from: 'defaulted',
      fallback: true,
      replaces: true,
      description: `Whether ${kind} characters occur. Default true.`,
    },
    {
      name: `min_${kind}`,
      type: 'number',
      from: 'defaulted',
      fallback: CtyNumber.from(0),
      replaces: true,
      description: `Least number of ${kind} characters. Default 0.`,
    },
  ];
}

function checkLength(config: ValueMap): Problem[] {
  const length = numberOf(config, 'length');
  if (length === undefined || (Number.isInteger(length) && length >= 1 && length <= MAX_LENGTH)) return [];
  return [
    problemAt('length', 'Invalid length', `length must be a whole number from 1 to ${MAX_LENGTH}, not ${length}.`),
  ];
}

function checkKinds(config: ValueMap): Problem[] {
  const problems = kindNames.flatMap((kind) => checkKind(config, kind));
  const least = kindNames.reduce((sum, kind) => sum + (numberOf(config, `min_${kind}`) ?? 0), 0);
  const length = numberOf(config, 'length');
  if (length !== undefined && least > length) {
    problems.push(
      problemAt(
        'length',
        'Length too small',
        `The min_ attributes ask for ${least} characters, length allows ${length}.`,
      ),
    );
  }
  if (kindNames.every((kind) => flagOf(config, kind) === false)) {
    problems.push(
      problemAt('lower', 'No characters left', 'At least one of upper, lower, numeric and special must be true.'),
    );
  }
  return problems;
}

function checkKind(config: ValueMap, kind: Kind): Problem[] {
  const least = numberOf(config, `min_${kind}`);
  if (least === undefined) return [];
  if (!Number.isInteger(least) || least < 0) {
    return [problemAt(`min_${kind}`, 'Invalid minimum', `min_${kind} must be a whole number from 0, not ${least}.`)];
  }
  if (least > 0 && flagOf(config, kind) === false) {
    return [problemAt(`min_${kind}`, 'Contradiction', `min_${kind} is ${least}, but ${kind} is false.`)];
  }
  return [];
}

function textFor(planned: ValueMap): string {
  const length = numberOf(planned, 'length') ?? 0;
  const allowed = kindNames.filter((kind) => flagOf(planned, kind) !== false);
  const characters = allowed.flatMap((kind) => pick(kinds[kind], numberOf(planned, `min_${kind}`) ?? 0));
  const all = allowed.map((kind) => kinds[kind]).join('');
  return shuffle([...characters, ...pick(all, length - characters.length)]).join('');
}

function pick(from: string, count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => from.charAt(randomInt(from.length)));
}

/** Fisher and Yates, with random numbers nobody can guess: the secret's order is part of the secret. */
function shuffle(characters: string[]): string[] {
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters;
}

function importText(text: string): Outcome {
  if (text === '' || text.length > MAX_LENGTH) {
    return {
      state: null,
      problems: [problemAt('id', 'Invalid import id', `Give the text itself, 1 to ${MAX_LENGTH} characters.`)],
    };
  }
  const state = new Map<string, Value>([
    ['id', randomBytes(8).toString('hex')],
    ['length', CtyNumber.from(text.length)],
    ['keepers', null],
    ['result', text],
    ['secret_result', null],
  ]);
  for (const kind of kindNames) state.set(kind, true).set(`min_${kind}`, CtyNumber.from(0));
  return { state, problems: [] };
}
