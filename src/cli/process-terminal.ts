import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

import type { Terminal } from './terminal.ts';

/** The terminal that this process was started in. */
export function processTerminal(): Terminal {
  const environment = process.env;
  return {
    print: (line) => console.log(line),
    say: (line) => console.error(line),
    root: resolve(import.meta.dirname, '../..'),
    configFolder: configFolder(environment),
    environment,
    askSecret,
    openBrowser: (url) => openBrowser(url, environment['BROWSER']),
  };
}

/** Source: the XDG base directory specification; a relative path there counts as none. */
function configFolder(environment: Terminal['environment']): string {
  const given = environment['XDG_CONFIG_HOME'];
  return join(given?.startsWith('/') === true ? given : join(homedir(), '.config'), 'sluice');
}

async function askSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).trim();
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return (await lines.question('')).trim();
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

function openBrowser(url: string, chosen: string | undefined): void {
  const [program, ...rest] = chosen ? ([chosen] as const) : (openers[process.platform] ?? (['xdg-open'] as const));
  const child = spawn(program, [...rest, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {}); // there is none: the address was printed too
  child.unref();
}
