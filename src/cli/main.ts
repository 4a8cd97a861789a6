import { resolve } from 'node:path';

import { AppError } from '../shared/errors.ts';
import { createCommand } from './command.ts';

const terminal = { print: (line: string) => console.log(line), root: resolve(import.meta.dirname, '../..') };

try {
  await createCommand(terminal).parseAsync(process.argv);
} catch (error) {
  // What we expect is told in one line; anything else is our bug and shows its stack.
  console.error(error instanceof AppError ? error.message : error);
  process.exitCode = 1;
}
