// Tests that come in number: `npm run test:security` (what attackers try; `*.security.ts`) and `npm run test:faults`
// (crashes, full disks, lost databases, races; `*.faults.ts`). Options, each of which the output of a failure names:
//   --size short|tenth|full   how many cases (default tenth; short is what `npm test` runs)
//   --seed n                  the same cases as an earlier run that printed this seed
//   --shard i/n               the i-th of n parts, for several computers
//   --case n                  one generated case only
//   --grep text               only tests whose name holds the text
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Kind {
  readonly specs: readonly string[];
  /** Named cases that live beside what they are about. `npm test` runs these files in other stages already. */
  readonly listedElsewhere: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  security: {
    specs: ['src/**/*.security.ts'],
    listedElsewhere: [
      'src/auth/**/*.test.ts',
      'src/outbound/*.test.ts',
      'src/mcp/transport.test.ts',
      'src/mcp/assistant-limits.test.ts',
      'src/gateway/gateway.test.ts',
      'src/gateway/matrix.test.ts',
      'src/gateway/public-fields.test.ts',
      'src/domain/audit/*.test.ts',
      'src/domain/identity/*.test.ts',
    ],
  },
  faults: {
    specs: ['src/**/*.faults.ts'],
    listedElsewhere: [
      'src/executor/*.test.ts',
      'src/intent/contracts.test.ts',
      'src/providers/archive.test.ts',
      'src/providers/remote/*.test.ts',
      'src/storage/vault.test.ts',
    ],
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
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
  const [name = ''] = positionals;
  const kind = kinds[name];
  const problem = kind === undefined ? `say which: ${Object.keys(kinds).join(', ')}` : findProblem();
  if (kind === undefined || problem !== undefined) {
    console.error(problem);
    return 2;
  }
  const settings = {
    SLUICE_TEST_SCRIPT: `test:${name}`,
    SLUICE_TEST_SIZE: values.size,
    SLUICE_TEST_SEED: values.seed,
    SLUICE_TEST_SHARD: values.shard,
    ...(values.case === undefined ? {} : { SLUICE_TEST_CASE: values.case }),
  };
  console.log(`size ${values.size}, seed ${values.seed}, shard ${values.shard}`);
  const { status } = spawnSync(process.execPath, mochaArguments(kind), {
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

function mochaArguments(kind: Kind): string[] {
  const alone = values.size === 'short' || !values.shard.startsWith('1/') || values.case !== undefined;
  const specs = [...kind.specs, ...(alone ? [] : kind.listedElsewhere)];
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
