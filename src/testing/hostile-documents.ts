// Documents that are made to cost: each family grows to any size. All are wrong or too large from 1 KB on, so that an
// honest server has one thing to do with them: refuse, soon.

export interface Hostile {
  readonly document: string;
  /** JSON: nested more deeply than a program could write it. */
  readonly variables?: string;
}

type Family = (bytes: number) => Hostile;

const times = (part: string | ((at: number) => string), bytes: number): string => {
  if (typeof part === 'string') return part.repeat(Math.ceil(bytes / part.length));
  const parts: string[] = [];
  for (let length = 0, at = 0; length < bytes; at += 1) {
    const next = part(at);
    parts.push(next);
    length += next.length;
  }
  return parts.join('');
};
const doc = (document: string): Hostile => ({ document });
const nested = (open: string, close: string, bytes: number, core = ''): string => {
  const levels = Math.ceil(bytes / (open.length + close.length));
  return open.repeat(levels) + core + close.repeat(levels);
};

export const hostileFamilies: Readonly<Record<string, Family>> = {
  'deep fields': (bytes) => doc(nested('{ viewer', '}', bytes, '{ id }')),
  'deep fields of no type': (bytes) => doc(nested('{a', '}', bytes, '{b}')),
  'open brackets': (bytes) => doc(times('{a', bytes)),
  aliases: (bytes) => doc(`{ spaces { ${times((at) => `a${at}: id `, bytes)} } }`),
  'root fields': (bytes) => doc(`{ ${times('spaces { id } ', bytes)} }`),
  'one field again and again': (bytes) => doc(`{ spaces { nothing ${times('id ', bytes)} } }`),
  directives: (bytes) => doc(`{ spaces { id ${times('@skip(if: false) ', bytes)} } }`),
  'unknown directives': (bytes) => doc(`{ spaces { id ${times((at) => `@d${at} `, bytes)} } }`),
  'fragments that double': (bytes) =>
    doc(
      `{ spaces { ...F0 } } ${times((at) => `fragment F${at} on Space { ...F${at + 1} ... { ...F${at + 1} } } `, bytes)}`,
    ),
  'fragments in a circle': (bytes) =>
    doc(`{ spaces { ...F0 } } ${times((at) => `fragment F${at} on Space { ...F${at + 1} ...F0 } `, bytes)}`),
  'unused fragments': (bytes) => doc(`{ spaces { id } } ${times((at) => `fragment F${at} on Space { id } `, bytes)}`),
  'nested inline fragments': (bytes) => doc(`{ spaces ${nested('{ ... ', '}', bytes, '{ nothing }')} }`),
  'overlapping fields that differ': (bytes) => doc(`{ ${times((at) => `a: space(id: "${at}") { id } `, bytes)} }`),
  'overlapping fields behind fragments': (bytes) =>
    doc(
      `{ spaces { ${times((at) => `...F${at % 50} `, bytes / 2)} } } ${times((at) => `fragment F${at} on Space { a: ${at % 2 === 0 ? 'id' : 'name'} ...F${at + 1} } `, bytes / 2)}`,
    ),
  operations: (bytes) => doc(times((at) => `query Q${at} { spaces { id } } `, bytes)),
  'variable definitions': (bytes) => doc(`query (${times((at) => `$v${at}: [ID!] = [] `, bytes)}) { spaces { id } }`),
  'a long string': (bytes) => doc(`{ spaces(no: "${times('a', bytes)}") { id } }`),
  'a long block string': (bytes) => doc(`{ spaces(no: """${times('  line\n', bytes)}""") { id } }`),
  'block strings that do not end': (bytes) => doc(`{ spaces(no: ${times('\\"""', bytes)}`),
  'strings that do not end': (bytes) => doc(`{ ${times('"\\" ', bytes)}`),
  'quotes without end': (bytes) => doc(`{ ${times('"""\\', bytes)}`),
  'deep lists': (bytes) => doc(`{ spaces(no: ${nested('[', ']', bytes)}) { id } }`),
  'deep objects': (bytes) => doc(`{ spaces(no: ${nested('{a:', '}', bytes, '1')}) { id } }`),
  'long lists': (bytes) => doc(`{ spaces(no: [${times('1 ', bytes)}]) { id } }`),
  'many arguments': (bytes) => doc(`{ spaces(${times((at) => `a${at}: 1 `, bytes)}) { id } }`),
  'long numbers': (bytes) => doc(`{ spaces(no: ${times('9', bytes)}) { id } }`),
  'empty argument lists': (bytes) => doc(`{ ${times('a() ', bytes)} }`),
  'open parentheses': (bytes) => doc(`{ ${times('( ,', bytes)} }`),
  comments: (bytes) => doc(times('# nothing\n', bytes)),
  commas: (bytes) => doc(times(', \uFEFF', bytes)),
  'unknown fields': (bytes) => doc(`{ spaces { ${times((at) => `nam${at} `, bytes)} } }`),
  'unknown types': (bytes) => doc(`{ spaces { ${times((at) => `... on Spac${at} { id } `, bytes)} } }`),
  'one long name': (bytes) => doc(`{ ${times('spaces', bytes)} }`),
  'circles of introspection': (bytes) =>
    doc(`{ __schema { types { ${nested('fields { type { ', '} } ', bytes, 'name ')} } } }`),
  'lists of introspection': (bytes) =>
    doc(`{ __schema { types ${nested('{ possibleTypes ', '}', bytes, '{ name }')} } }`),
  'broken characters': (bytes) => doc(`{ spaces(no: "${times('\\ud800\\u{110000}', bytes)}") { id } }`),
  'control characters': (bytes) => doc(times('\u0000\u0007\u202e', bytes)),
  'deep variables': (bytes) => ({
    document: 'query ($input: SearchInput!) { searchPolicies(input: $input) { edges { cursor } } }',
    variables: `{"input":${nested('{"a":', '}', bytes, '1')}}`,
  }),
  'wide variables': (bytes) => ({
    document: 'query ($input: SearchInput!) { searchPolicies(input: $input) { edges { cursor } } }',
    variables: JSON.stringify({
      input: Object.fromEntries(Array.from({ length: Math.ceil(bytes / 12) }, (_, at) => [`field${at}`, at])),
    }),
  }),
  'variables that are no objects': (bytes) => ({
    document: 'query ($input: SearchInput!) { searchPolicies(input: $input) { edges { cursor } } }',
    variables: `{"input":{"__proto__":{"admin":true},"constructor":"${times('x', bytes)}"}}`,
  }),
};
