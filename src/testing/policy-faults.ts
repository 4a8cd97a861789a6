import type { JsonObject } from '../shared/json.ts';

/** A policy that goes wrong when it is evaluated, or says nothing that allows. */
export interface PolicyFault {
  readonly name: string;
  /** Rules in Rego v1, below `package spacelift`. */
  readonly body: string;
  /** Outcomes of a decision by it alone, or reasons why there is none. */
  readonly expected: readonly string[];
}

const numbers = 'numbers.range(1, 3000)';
const listed: readonly (readonly [string, string, readonly string[]])[] = [
  ['no rule that decides', 'other := 1', ['REVIEW']],
  ['a rule that is undefined', 'allow contains "x" if input.absent', ['REVIEW']],
  ['allow as true', 'allow := true', ['DENIED']],
  ['allow as a number', 'allow := 1', ['DENIED']],
  ['allow as text', 'allow := "yes"', ['DENIED']],
  ['allow as an object', 'allow := {"x": true}', ['DENIED']],
  ['allow as a set of numbers', 'allow contains 1', ['DENIED']],
  ['allow as null', 'allow := null', ['DENIED']],
  ['sample as text', 'allow contains "x"\n\nsample := "yes"', ['DENIED']],
  ['deny as false', 'allow contains "x"\n\ndeny := false', ['DENIED']],
  [
    'two values for one rule',
    'allow contains "x"\n\nother := 1 if input.a == 1\n\nother := 2 if input.b == 2',
    ['TRAP'],
  ],
  ['a function with two values', 'f(_) := 1\n\nf(_) := 2\n\nallow contains "x"\n\nother := f(1)', ['TRAP']],
  ['two values for one key', 'allow contains "x"\n\nother[k] := v if { some k in ["a"]; some v in [1, 2] }', ['TRAP']],
  [
    'a very long loop',
    `allow contains "x"\n\nother if { some a in ${numbers}; some b in ${numbers}; some c in ${numbers}; a + b + c == -1 }`,
    ['TIMEOUT', 'MEMORY'],
  ],
  [
    'a long loop without memory',
    'allow contains "x"\n\nother if { walk(input.tree, [_, a]); walk(input.tree, [_, b]); walk(input.tree, [_, c]); [a, b, c] == [0, 1, 2] }',
    ['TIMEOUT', 'MEMORY'],
  ],
  [
    'an expression that takes exponential time',
    'allow contains "x"\n\nother := regex.replace(input.text, "(a|a|a)*b$", "")',
    ['TIMEOUT'],
  ],
  ['a memory bomb in the module', 'allow contains "x"\n\nother := numbers.range(1, 100000000)', ['MEMORY']],
  [
    'a memory bomb in the host',
    'allow contains "x"\n\nother := [sprintf("%999999d", [n]) | some n in numbers.range(1, 1000)]',
    ['MEMORY'],
  ],
  ['a memory bomb by width', 'allow contains "x"\n\nother := sprintf("%99999999d", [1])', ['TRAP']],
  ['a range that is too long', 'allow contains "x"\n\nother := numbers.range_step(1, 1000000000, 1)', ['TRAP']],
  ['a network that is too large', 'allow contains "x"\n\nother := net.cidr_expand("10.0.0.0/8")', ['TRAP']],
  [
    'a result over its limit',
    'allow contains "x"\n\nother := [sprintf("%99999d", [n]) | some n in numbers.range(1, 20)]',
    ['RESULT_TOO_LARGE'],
  ],
  ['a format we lack', 'allow contains "x"\n\nother := sprintf("%[1]d", [1])', ['TRAP']],
  [
    'an aliasing bomb in YAML',
    'allow contains "x"\n\nother := yaml.unmarshal(input.bomb)',
    ['TRAP', 'MEMORY', 'TIMEOUT'],
  ],
  ['data that is not there', 'allow contains "x" if data.limits.max > 1', ['REVIEW']],
  [
    'a result over ten megabytes',
    'allow contains "x"\n\nother := [sprintf("%999999d", [n]) | some n in numbers.range(1, 12)]',
    ['RESULT_TOO_LARGE', 'MEMORY'],
  ],
];

export const policyFaults: readonly PolicyFault[] = listed.map(([name, body, expected]) => ({ name, body, expected }));

const bomb = [
  'a0: &a0 [x, x]',
  ...Array.from({ length: 30 }, (_none, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`),
].join('\n');
const tree = Array.from({ length: 3_000 }, (_none, at) => [at]);

/** What they look at. */
export const policyFaultInput: JsonObject = { a: 1, b: 2, text: 'a'.repeat(60), bomb, tree };
