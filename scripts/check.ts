// The full check, in stages: `npm test` runs all of them, also after one has failed, and ends with what failed, said
// again, and one line of counts.
// A suite whose outside tool is absent is listed as not run; with SLUICE_TEST_REQUIRE=all that is a failure.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Stage {
  readonly name: string;
  /** An npm script of package.json. */
  readonly script: string;
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
  /** What the stage said of its failures; empty when there is none. */
  readonly failures: string;
}

const stages: readonly Stage[] = [
  { name: 'generated files', script: 'codegen:check' },
  { name: 'format', script: 'format:check' },
  { name: 'types', script: 'types' },
  { name: 'lint', script: 'lint' },
  { name: 'policies', script: 'policies:test' },
  { name: 'tests', script: 'mocha' },
  { name: 'tests with real tools', script: 'test:real' },
  { name: 'attacks', script: 'test:security:short' },
  { name: 'faults', script: 'test:faults:short' },
  { name: 'demo', script: 'demo' },
];

/** More than the longest list of failures that one would read in one go. */
const LONGEST_FAILURES = 8000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const only = process.argv.slice(2);

const outcomes: Outcome[] = [];
for (const stage of stages.filter(({ script }) => only.length === 0 || only.includes(script))) {
  outcomes.push(await runStage(stage));
}
finish(outcomes);

async function runStage({ name, script }: Stage): Promise<Outcome> {
  console.log(`\n== ${name} (npm run ${script})`);
  const startedAt = performance.now();
  const { code, output } = await runScript(script);
  const outcome = readOutcome(name, code, output);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`== ${name}: ${outcome.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  return outcome;
}

function runScript(script: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const forward = (stream: NodeJS.WriteStream) => (chunk: Buffer) => {
      output += chunk.toString();
      stream.write(chunk);
    };
    child.stdout.on('data', forward(process.stdout));
    child.stderr.on('data', forward(process.stderr));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Mocha's closing lines are counted test by test; any other stage is one check. */
function readOutcome(stage: string, code: number, output: string): Outcome {
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}\\b`, 'm').exec(output)?.[1] ?? 0);
  const notRun = [...output.matchAll(/^not run: (.+)$/gm)].map((match) => match[1] ?? '');
  const [passing, failing] = [count('passing'), count('failing')];
  const failures = code === 0 ? '' : `== failed in ${stage}:\n${readFailures(output)}\n`;
  if (passing + failing === 0) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, notRun, failures };
  return { passed: passing, failed: code === 0 ? failing : Math.max(failing, 1), notRun, failures };
}

/** Mocha's list of failures, which it prints last; without one, the last that the stage said. */
function readFailures(output: string): string {
  const at = output.search(/^\s*\d+ failing\b/m);
  return at === -1 ? output.slice(-LONGEST_FAILURES) : output.slice(at, at + LONGEST_FAILURES);
}

function finish(all: readonly Outcome[]): void {
  const passed = all.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = all.reduce((sum, outcome) => sum + outcome.failed, 0);
  const notRun = new Set(all.flatMap((outcome) => outcome.notRun));
  console.log('');
  for (const { failures } of all) if (failures !== '') console.log(failures);
  for (const line of notRun) console.log(`not run: ${line}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
