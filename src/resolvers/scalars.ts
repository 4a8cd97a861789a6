import type { Json } from '../shared/json.ts';
import { badInput } from '../shared/errors.ts';

// Left to itself GraphQL reads a literal number by parseInt and parseFloat, which change its digits in silence.

/** A literal in a document: the shapes of the GraphQL syntax tree that are needed here. */
type Literal =
  | { readonly kind: 'IntValue' | 'FloatValue' | 'StringValue' | 'EnumValue'; readonly value: string }
  | { readonly kind: 'BooleanValue'; readonly value: boolean }
  | { readonly kind: 'NullValue' }
  | { readonly kind: 'ListValue'; readonly values: readonly Literal[] }
  | { readonly kind: 'ObjectValue'; readonly fields: readonly { readonly name: Name; readonly value: Literal }[] }
  | { readonly kind: 'Variable'; readonly name: Name };

interface Name {
  readonly value: string;
}

type Variables = Readonly<Record<string, Json>> | null | undefined;

/** Any JSON value. A literal number that JSON numbers cannot hold is refused: give it as text. */
export const JsonScalar = {
  parseLiteral(literal: Literal, variables?: Variables): Json {
    return jsonOf(literal, variables ?? {});
  },
};

/** A number as it is written: a JSON number where that holds it, its digits as text where not. */
export const Decimal = {
  parseValue(value: unknown): number | string {
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && DECIMAL.test(value)) return value;
    throw badInput('number', 'must be a number, or the digits of one as text');
  },
  parseLiteral(literal: Literal): number | string {
    if (literal.kind === 'IntValue' || literal.kind === 'FloatValue')
      return exactNumber(literal.value) ?? literal.value;
    return Decimal.parseValue(literal.kind === 'StringValue' ? literal.value : undefined);
  },
};

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d{1,4})?$/;

function jsonOf(literal: Literal, variables: Readonly<Record<string, Json>>): Json {
  switch (literal.kind) {
    case 'IntValue':
    case 'FloatValue':
      return jsonNumber(literal.value);
    case 'StringValue':
    case 'EnumValue':
    case 'BooleanValue':
      return literal.value;
    case 'NullValue':
      return null;
    case 'ListValue':
      return literal.values.map((part) => jsonOf(part, variables));
    case 'ObjectValue':
      return Object.fromEntries(literal.fields.map(({ name, value }) => [name.value, jsonOf(value, variables)]));
    case 'Variable':
      return variables[literal.name.value] ?? null;
  }
}

function jsonNumber(text: string): number {
  const number = exactNumber(text);
  if (number === undefined)
    throw badInput('number', `${text} has more digits than a JSON number holds: give it as text`);
  return number;
}

function exactNumber(text: string): number | undefined {
  const number = Number(text);
  return significantDigits(text) === significantDigits(String(number)) ? number : undefined;
}

function significantDigits(text: string): string {
  return text
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
}
