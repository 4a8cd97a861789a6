// `npm run test:security`: what attackers try, in number. Options, each of which the output of a failure names:
//   --size short|tenth|full   how many generated cases (default tenth; short is what `npm test` runs)
//   --seed n                  the same cases as an earlier run that printed this seed
//   --shard i/n               the i-th of n parts, for several computers
//   --case n                  one generated case only
//   --grep text               only tests whose name holds the text
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Named attacks live beside what they attack. `npm test` runs these files in other stages already.
const listedElsewhere: readonly string[] = [
  'src/auth/**/*.test.ts',
  'src/outbound/*.test.ts',
  'src/mcp/transport.test.ts',
  'src/mcp/assistant-limits.test.ts',
  'src/gateway/gateway.test.ts',
  'src/gateway/matrix.test.ts',
  'src/gateway/public-fields.test.ts',
  'src/domain/audit/*.test.ts',
  'src/domain/identity/*.test.ts',
];

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'tenth' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    shard: { type: 'string', default: '1/1' },
    case: { type: 'string' },
    grep: { type: 'string' },
  },
});
process.exit(run());

function run(): number {
  const problem = findProblem();
  if (problem !== undefined) {
    console.error(problem);
    return 2;
  }
  const settings = {
    SLUICE_TEST_SIZE: values.size,
    SLUICE_TEST_SEED: values.seed,
    SLUICE_TEST_SHARD: values.shard,
    ...(values.case === undefined ? {} : { SLUICE_TEST_CASE: values.case }),
  };
  console.log(`size ${values.size}, seed ${values.seed}, shard ${values.shard}`);
  const { status } = spawnSync(process.execPath, mochaArguments(), {
    cwd: root,
    env: { ...process.env, ...settings },
    stdio: 'inherit',
  });
  return status ?? 1;
}

function findProblem(): string | undefined {
  if (!['short', 'tenth', 'full'].includes(values.size)) return '--size: must be short, tenth or full';
  if (!/^\d+$/.test(values.seed)) return '--seed: must be a whole number, as an earlier run printed it';
  const [, part = '0', parts = '0'] = /^(\d+)\/(\d+)$/.exec(values.shard) ?? [];
  if (Number(part) < 1 || Number(part) > Number(parts)) return '--shard: must be i/n with i of 1 to n, such as 2/4';
  if (values.case !== undefined && !/^\d+$/.test(values.case)) return '--case: must be a whole number';
  return undefined;
}

function mochaArguments(): string[] {
  const alone = values.size === 'short' || !values.shard.startsWith('1/') || values.case !== undefined;
  const specs = ['src/**/*.security.ts', ...(alone ? [] : listedElsewhere)];
  return [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--no-package',
    '--extension=ts',
    '--require=./src/testing/hooks.ts',
    '--timeout=600000',
    ...(values.grep === undefined ? [] : ['--grep', values.grep]),
    ...specs.flatMap((spec) => ['--spec', spec]),
  ];
}
