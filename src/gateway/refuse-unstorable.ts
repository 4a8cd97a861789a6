import { type ASTNode, type DocumentNode, Kind, visit } from 'graphql';

import { AppError } from '../shared/errors.ts';
import { isStorableText, type Json, type JsonObject } from '../shared/json.ts';
import { formatPath } from '../shared/problems.ts';

const ADVICE = 'holds a NUL character or half of a surrogate pair, which cannot be stored; leave it out';

interface Place {
  readonly value: Json;
  readonly step: string | number;
  readonly parent: Place | undefined;
  readonly depth: number;
}

const MAX_DEPTH = 100; // much that reads the values further down calls itself for each level

/**
 * Refuses variables with text that no database keeps, or nested too deeply. It runs for every request, so that it looks at each value once,
 * and without recursion, so that no depth of nesting is too much for it.
 *
 * @throws BAD_INPUT or LIMIT_EXCEEDED naming the path
 */
export function refuseUnstorableVariables(variables: JsonObject | undefined): void {
  if (variables === undefined) return;
  const open: Place[] = [{ value: variables, step: 'variables', parent: undefined, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place;
    if (typeof value === 'string') {
      if (!isStorableText(value)) throw unstorable(pathOf(place));
    } else if (typeof value === 'object' && value !== null) {
      pushParts(open, place, value);
    }
  }
}

function pushParts(open: Place[], parent: Place, value: readonly Json[] | JsonObject): void {
  const isList = Array.isArray(value);
  const depth = parent.depth + 1;
  if (depth > MAX_DEPTH) throw tooDeep(parent);
  for (const [key, item] of Object.entries<Json>(value)) {
    if (!isList && !isStorableText(key)) throw unstorable(`${pathOf(parent)}: a name in it`);
    if (typeof item === 'string' || (typeof item === 'object' && item !== null)) {
      open.push({ value: item, step: isList ? Number(key) : key, parent, depth });
    }
  }
}

const SHOWN_STEPS = 5;

function tooDeep(place: Place): AppError {
  let top = place;
  while (top.parent !== undefined && top.depth > SHOWN_STEPS) top = top.parent;
  return new AppError('LIMIT_EXCEEDED', `${pathOf(top)}: nested in more than ${MAX_DEPTH} levels; nest less deeply`);
}

function pathOf(place: Place): string {
  const steps: (string | number)[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) steps.unshift(at.step);
  return formatPath(steps);
}

/** Refuses such text among the literals of a document. @throws BAD_INPUT naming the argument and its place */
export function refuseUnstorableLiterals(document: DocumentNode): void {
  visit(document, {
    StringValue(node, _key, parent, _path, ancestors) {
      if (isStorableText(node.value)) return;
      const { startToken } = node.loc ?? {};
      const locations =
        startToken === undefined ? {} : { locations: [{ line: startToken.line, column: startToken.column }] };
      throw unstorable(holderOf([...ancestors, parent]), locations);
    },
  });
}

function holderOf(around: readonly (ASTNode | readonly ASTNode[] | undefined)[]): string {
  const holder = around
    .flatMap((each) => each ?? [])
    .findLast(({ kind }) => kind === Kind.ARGUMENT || kind === Kind.VARIABLE_DEFINITION);
  if (holder?.kind === Kind.ARGUMENT) return `document: the argument ${holder.name.value}`;
  if (holder?.kind === Kind.VARIABLE_DEFINITION) return `document: the default of $${holder.variable.name.value}`;
  return 'document: a text in it';
}

function unstorable(where: string, details: JsonObject = {}): AppError {
  return new AppError('BAD_INPUT', `${where} ${ADVICE}`, { details });
}
