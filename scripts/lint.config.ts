import { layers, packageOwners } from './layers.ts';

// Paths in `files` are relative to this folder, so every pattern starts with `**/`.
const folders = Object.keys(layers);
const everyFolder = [...folders, 'testing'];

function patternsFor(folder: string, may: readonly string[]) {
  const closed = everyFolder.filter((other) => other !== folder && !may.includes(other));
  const doors = may.filter((other) => other !== 'generated');
  const foreignPackages = Object.entries(packageOwners)
    .filter(([, owners]) => !owners.includes(folder))
    .flatMap(([name]) => (name.endsWith('/*') ? [name, `${name}*`] : [name, `${name}/*`]));
  return [
    {
      group: [...closed.map((other) => `**/${other}/**`), ...(may.includes('generated') ? [] : ['**/generated/**'])],
      message: `${folder} may import only: ${may.join(', ') || 'nothing'}`,
    },
    { group: doors.flatMap((other) => doorPatterns(other)), message: 'import a folder through its door' },
    { group: foreignPackages, message: `${folder} does not own this package (scripts/layers.ts)` },
  ].filter(({ group }) => group.length > 0);
}

// shared and storage are doors file by file; domain has one door a noun; the rest have one index.ts.
function doorPatterns(folder: string): string[] {
  if (folder === 'shared' || folder === 'storage') return [`**/${folder}/*/**`];
  if (folder === 'domain') return ['**/domain/*', '**/domain/*/**', '!**/domain/*/index.ts', '!**/domain/context.ts'];
  return [`**/${folder}/**`, `!**/${folder}/index.ts`];
}

function layerRule(folder: string, may: readonly string[]) {
  return {
    files: [`**/src/${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: patternsFor(folder, may) }] },
  };
}

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc'],
  categories: { correctness: 'error' },
  ignorePatterns: ['**/node_modules/**', '**/testdata/**'],
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/consistent-type-imports': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'no-console': 'error',
    // `== null` is how to say "null or absent", which GraphQL inputs do not tell apart.
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...Object.entries(layers).map(([folder, may]) => layerRule(folder, may)),
    {
      files: [
        '**/*.test.ts',
        '**/*.real.ts',
        '**/*.security.ts',
        '**/*.faults.ts',
        '**/src/testing/**',
        '**/src/storage/migrations/**',
        '**/src/storage/entities/**',
      ],
      rules: { 'no-restricted-imports': 'off', 'max-lines': 'off', 'max-lines-per-function': 'off' },
    },
    // Programs print. Their paths begin at this folder; a pattern with `**` in front would reach into `src`.
    {
      files: ['./*.{ts,mjs}', './bench/*.ts', '**/codegen.ts', '**/src/cli/**'],
      rules: { 'no-console': 'off', 'import/no-default-export': 'off' },
    },
    // Plain JavaScript for Nodes that strip no types: nothing in it has a type to be safe by.
    {
      files: ['**/*.mjs'],
      rules: {
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-return': 'off',
        'typescript/no-unsafe-member-access': 'off',
        'typescript/no-unsafe-call': 'off',
        'typescript/no-unsafe-argument': 'off',
        'typescript/no-misused-promises': 'off',
      },
    },
    { files: ['**/src/main.ts', '**/src/audit.ts'], rules: { 'no-console': 'off' } },
  ],
};
