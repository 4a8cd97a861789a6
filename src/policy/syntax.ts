import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { isJsonArray } from './json-array.ts';
import { compileError } from './opa-errors.ts';
import { POLICY_PACKAGE } from './package-name.ts';

/** What we need of a policy's syntax tree. */
export interface PolicySyntax {
  readonly rules: readonly string[];
  /** The METADATA comment of the package. */
  readonly title: string;
  readonly description: string;
}

/**
 * Reads the tree that `opa parse --format json` printed.
 *
 * @throws AppError BAD_INPUT for a package other than `spacelift`, or one without rules
 */
export function readSyntax(text: string): PolicySyntax {
  const tree = parseTree(text);
  const name = packageName(tree);
  if (name !== POLICY_PACKAGE) throw wrongPackage(name);
  const rules = listOf(tree, 'rules').filter(isJsonObject).flatMap(ruleNames);
  if (rules.length === 0) throw noRules();
  const notes = listOf(tree, 'annotations').find((note) => isJsonObject(note) && note['scope'] === 'package');
  return {
    rules: [...new Set(rules)].toSorted(),
    title: textOf(notes, 'title'),
    description: textOf(notes, 'description'),
  };
}

function parseTree(text: string): JsonObject {
  const tree = JSON.parse(text) as Json; // JSON.parse gives JSON values and nothing else
  if (!isJsonObject(tree)) throw new AppError('UNAVAILABLE', 'opa parse printed no syntax tree; check its version');
  return tree;
}

function packageName(tree: JsonObject): string {
  const [, ...steps] = isJsonObject(tree['package']) ? listOf(tree['package'], 'path') : []; // the first step is `data`
  return steps.map((step) => textOf(step, 'value')).join('.');
}

/** A function is no rule of the result; `a.b` counts as its first part. */
function ruleNames(rule: JsonObject): string[] {
  const head = isJsonObject(rule['head']) ? rule['head'] : {};
  if (head['args'] !== undefined) return [];
  const [first] = listOf(head, 'ref');
  const name = textOf(first, 'value') || textOf(head, 'name');
  return [name, ...(isJsonObject(rule['else']) ? ruleNames(rule['else']) : [])].filter((part) => part !== '');
}

function listOf(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return isJsonArray(value) ? value : [];
}

function textOf(object: Json | undefined, key: string): string {
  const value = isJsonObject(object) ? object[key] : undefined;
  return typeof value === 'string' ? value : '';
}

function wrongPackage(name: string): AppError {
  const message = `the package is ${JSON.stringify(name)}; begin the policy with \`package ${POLICY_PACKAGE}\``;
  return compileError([{ line: undefined, column: undefined, message }]);
}

function noRules(): AppError {
  const message = 'the package has no rule; add one, such as `allow` or `deny`';
  return compileError([{ line: undefined, column: undefined, message }]);
}
