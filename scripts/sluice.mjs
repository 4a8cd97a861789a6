#!/usr/bin/env node
// The `sluice` command for whatever Node is at hand: goes on under the Node that package.json pins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

if (!existsSync(node)) {
  console.error('The packages are not installed yet: run `npm start` or `npm ci` first.');
  process.exit(1);
}
// These work on the data folder itself and belong to the server's own program.
const serverCommands = ['serve', 'migrate', 'backup', 'restore', 'audit'];
const program = serverCommands.includes(process.argv[2]) ? 'src/main.ts' : 'src/cli/main.ts';
const child = spawn(node, [join(root, program), ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal signals both of us; a supervisor only this process.
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGINT', () => {});
child.on('exit', (code) => process.exit(code ?? 1));
