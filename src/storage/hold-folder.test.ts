import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assertRefused } from '../testing/refusals.ts';
import { holdFolder } from './hold-folder.ts';

describe('a folder held by a process', () => {
  const folders: string[] = [];
  const testFolder = (): string => {
    folders.push(mkdtempSync(join(tmpdir(), 'sluice-hold-')));
    return folders.at(-1) ?? '';
  };
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  it('is refused to another until it is given up', async () => {
    const folder = testFolder();
    const release = await holdFolder(folder);
    await assertRefused('UNAVAILABLE', holdFolder(folder), /in use by another server/);
    await (
      await holdFolder(testFolder())
    )();
    await release();
    await (
      await holdFolder(folder)
    )();
  });

  it('is free again when its process is killed', async () => {
    const folder = testFolder();
    const script = `import('${import.meta.dirname}/hold-folder.ts').then(({ holdFolder }) => holdFolder('${folder}')).then(() => { console.log('held'); setInterval(() => {}, 1000); })`;
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await assertRefused('UNAVAILABLE', holdFolder(folder), /in use by another server/);
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    await (
      await holdFolder(folder)
    )();
  });
});
