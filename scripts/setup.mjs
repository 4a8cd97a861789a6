// Plain JavaScript for whatever Node runs npm: installs the packages when they are missing or out of date, then goes on
// under the Node that package.json pins. `npm start`, `npm test` and `npm run demo` all begin here.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { serverFlags } from './server-flags.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = {
  start: [...serverFlags, 'src/main.ts', 'serve'],
  test: ['scripts/check.ts'],
  demo: ['scripts/demo.ts'],
};

const OLDEST_NODE = 20; // older ones cannot install the pinned Node's package
const [target = 'start', ...rest] = process.argv.slice(2);
const program = programs[target] ?? fail(`no such target: ${target}; use ${Object.keys(programs).join(', ')}`);
refuseOldNode();
installPackages();
run(program, rest);

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) fail(`Node ${OLDEST_NODE} or newer is needed to set up; this is ${process.versions.node}.`);
}

function installPackages() {
  const stamp = join(root, 'node_modules', '.sluice-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(pinnedNode())) return;
  console.error('Installing packages (once, about a minute) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0)
    fail('npm ci failed; its messages are above. Check the network and package-lock.json, then try again.');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function pinnedNode() {
  return join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
}

function run(program, args) {
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(pinnedNode(), [...program, ...args], {
    cwd: root,
    stdio: 'inherit',
    // Compiled code is kept between starts: it halves the time to load.
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'sluice', 'compile'), ...process.env, PATH: path },
  });
  // The terminal signals the whole group; a supervisor signals only this process, so pass it on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
