import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { isJsonArray } from './json-array.ts';
import { POLICY_PACKAGE } from './package-name.ts';

// Compiled policies try all rules of a set one after the other. Where many of them begin with what one part of the input
// must be (`input.resource.resource_type == "aws_instance"`), most need not be tried: each such rule moves to a package
// named by that text, and the set asks only the package that the input names, which the compiled form finds at once.

interface Source {
  readonly body: string;
  readonly engine: 'REGO_V0' | 'REGO_V1';
}

/** A policy spread over several files that decides as the one it was made of. */
export interface IndexedPolicy {
  /** Every rule again in one file: it must have the same syntax tree, or texts were cut wrongly. */
  readonly check: string;
  /** What is compiled: the policy itself, then a file for each text that inputs may hold. */
  readonly files: readonly string[];
}

interface Rule {
  readonly name: string;
  readonly text: string;
  /** Texts that parts of the input must be for the rule to say anything, by the part. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Rules of one set that move, by the text at one part of the input. */
interface Move {
  readonly name: string;
  readonly part: string;
  readonly rulesByText: ReadonlyMap<string, readonly Rule[]>;
}

const MIN_TEXTS = 32; // fewer rules are tried faster than looked up
const PREFIX = 'sluice_index';
/** What tells a rule about its package, and our own names. */
const UNMOVABLE = /\brego\s*\.\s*metadata\b|sluice_index/;

/**
 * @param tree what `opa parse` printed for the body, with locations
 * @returns undefined where there is nothing to gain, or where it cannot be told for sure that nothing changes
 */
export function indexRules({ body, engine }: Source, tree: Json): IndexedPolicy | undefined {
  if (UNMOVABLE.test(body) || !isJsonObject(tree)) return undefined;
  if (listOf(tree, 'rules').some(changesInput)) return undefined;
  const rules = listOf(tree, 'rules').map(readRule);
  const imports = listOf(tree, 'imports').map(readImport);
  if (rules.includes(undefined) || imports.includes(undefined)) return undefined;
  const known = rules.filter((rule) => rule !== undefined);
  const moves = movesOf(known);
  if (moves.length === 0) return undefined;
  const head = `package ${POLICY_PACKAGE}\n\n${imports.join('')}`;
  const moved = new Set(moves.flatMap(({ rulesByText }) => [...rulesByText.values()].flat()));
  const kept = known.filter((rule) => !moved.has(rule)).map(({ text }) => text);
  const lookups = moves.map((move, at) => lookupOf(move, at, engine));
  const names = [...new Set(known.map(({ name }) => name))];
  const own = names.map((name) => `import data.${POLICY_PACKAGE}.${name}\n`).join('');
  return {
    check: `${head}\n${known.map(({ text }) => `${text}\n\n`).join('')}`,
    files: [
      `${head}\n${[...kept, ...lookups].join('\n\n')}\n`,
      ...moves.flatMap((move, at) => moduleFiles(move, at, imports.join('') + own)),
    ],
  };
}

/** Whether two syntax trees have the same rules, wherever these stand in their files. */
export function sameRules(a: Json, b: Json): boolean {
  const rulesOf = (tree: Json): string =>
    JSON.stringify(isJsonObject(tree) ? listOf(tree, 'rules') : [], (key, value: unknown) =>
      key === 'location' ? undefined : value,
    );
  return rulesOf(a) === rulesOf(b);
}

/** Whether `input` is anything but the document of the request: given anew by `with`, or the name of something local. */
function changesInput(node: Json): boolean {
  if (isJsonArray(node)) return node.some(changesInput);
  if (!isJsonObject(node)) return false;
  if (node['with'] !== undefined || isInput(node)) return true;
  const steps = refOf(node);
  const isPlainUse = steps.length > 1 && isInput(steps[0] ?? null);
  return isPlainUse ? steps.slice(1).some(changesInput) : Object.values(node).some(changesInput);
}

function isInput(term: Json): boolean {
  return isJsonObject(term) && term['type'] === 'var' && term['value'] === 'input';
}

/** The part of the input with the most different texts is the one that tells most rules apart. */
function movesOf(rules: readonly Rule[]): Move[] {
  const groups = new Map<string, { name: string; part: string; texts: Set<string> }>();
  for (const { name, keys } of rules) {
    for (const [part, text] of keys) {
      const key = JSON.stringify([name, part]);
      const group = groups.get(key) ?? { name, part, texts: new Set() };
      groups.set(key, group);
      group.texts.add(text);
    }
  }
  const large = [...groups.values()].filter(({ texts }) => texts.size >= MIN_TEXTS);
  const taken = new Set<Rule>();
  return large
    .toSorted((a, b) => b.texts.size - a.texts.size)
    .map(({ name, part }) => {
      const rulesByText = new Map<string, Rule[]>();
      for (const rule of rules) {
        const text = rule.keys.get(part);
        if (rule.name !== name || text === undefined || taken.has(rule)) continue;
        taken.add(rule);
        rulesByText.set(text, [...(rulesByText.get(text) ?? []), rule]);
      }
      return { name, part, rulesByText };
    })
    .filter(({ rulesByText }) => rulesByText.size > 0);
}

function lookupOf({ name, part }: Move, at: number, engine: Source['engine']): string {
  const [set, each] = [`data.${PREFIX}.s${at}[${part}].hit`, `${PREFIX}_each`];
  return engine === 'REGO_V0'
    ? `${name}[${each}] { ${PREFIX}_set := ${set}; ${PREFIX}_set[${each}] }`
    : `${name} contains ${each} if some ${each} in ${set}`;
}

function moduleFiles({ name, rulesByText }: Move, at: number, imports: string): string[] {
  return [...rulesByText].map(([text, rules]) => {
    const moved = rules.map((rule) => `hit${rule.text.slice(name.length)}\n`);
    return `package ${PREFIX}.s${at}[${JSON.stringify(text)}]\n\n${imports}\n${moved.join('\n')}`;
  });
}

/** A rule with its text; one of a set also with what it begins with. */
function readRule(rule: Json): Rule | undefined {
  const head = isJsonObject(rule) ? rule['head'] : undefined;
  if (!isJsonObject(rule) || !isJsonObject(head)) return undefined;
  const [first, ...more] = listOf(head, 'ref');
  const name = isJsonObject(first ?? null) ? (first as JsonObject)['value'] : head['name'];
  const text = rule['default'] === true ? defaultText(head) : textAt(rule);
  if (typeof name !== 'string' || text === undefined) return undefined;
  const isOfSet = head['key'] !== undefined && head['value'] === undefined && head['args'] === undefined;
  const isPlain = more.length === 0 && rule['default'] === undefined && rule['else'] === undefined;
  const isWhole = text.startsWith(name) && !/^\w/.test(text.slice(name.length));
  const keys = isOfSet && isPlain && isWhole ? keysOf(listOf(rule, 'body')) : [];
  return { name, text, keys: new Map(keys) };
}

/** Of such a rule the tree has the text in pieces. */
function defaultText({ name, assign, value = null }: JsonObject): string | undefined {
  const text = isJsonObject(value) ? textAt(value) : undefined;
  if (typeof name !== 'string' || text === undefined) return undefined;
  return `default ${name} ${assign === true ? ':=' : '='} ${text}`;
}

/** Where `location.text` of the tree stands, encoded. */
function textAt({ location }: JsonObject): string | undefined {
  const text = isJsonObject(location) ? location['text'] : undefined;
  return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : undefined;
}

function keysOf(body: readonly Json[]): [part: string, text: string][] {
  return body.flatMap((expression): [string, string][] => {
    if (!isJsonObject(expression) || expression['negated'] === true) return [];
    const [operator, ...operands] = listOf(expression, 'terms');
    if (!isEquality(operator) || operands.length !== 2) return [];
    const part = operands.map(partOf).find((each) => each !== undefined);
    const text = operands.map(stringOf).find((each) => each !== undefined);
    return part === undefined || text === undefined ? [] : [[part, text]];
  });
}

function isEquality(operator: Json | undefined): boolean {
  const [name, ...more] = operator === undefined ? [] : refOf(operator);
  const called = isJsonObject(name ?? null) ? (name as JsonObject)['value'] : undefined;
  return more.length === 0 && (called === 'equal' || called === 'eq');
}

/** `input["resource"]["type"]`, where every step is a text. */
function partOf(term: Json): string | undefined {
  const [first, ...steps] = refOf(term);
  if (!isInput(first ?? null) || steps.length === 0) return undefined;
  const texts = steps.map(stringOf);
  return texts.includes(undefined) ? undefined : `input${texts.map((text) => `[${JSON.stringify(text)}]`).join('')}`;
}

function stringOf(term: Json): string | undefined {
  if (!isJsonObject(term) || term['type'] !== 'string') return undefined;
  const { value } = term;
  // What is not well-formed could become another text on its way through files.
  return typeof value === 'string' && value.isWellFormed() ? value : undefined;
}

function readImport(line: Json): string | undefined {
  if (!isJsonObject(line)) return undefined;
  const { path = null, alias } = line;
  const steps = refOf(path).map((step) =>
    isJsonObject(step) && typeof step['value'] === 'string' ? step['value'] : '',
  );
  if (!steps.every((step) => /^[a-zA-Z_]\w*$/.test(step))) return undefined;
  return `import ${steps.join('.')}${typeof alias === 'string' ? ` as ${alias}` : ''}\n`;
}

function refOf(term: Json): readonly Json[] {
  return isJsonObject(term) && term['type'] === 'ref' ? listOf(term, 'value') : [];
}

function listOf(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return isJsonArray(value) ? value : [];
}
