import { AppError } from '../shared/errors.ts';
import { createCommand } from './command.ts';
import { processTerminal } from './process-terminal.ts';

try {
  await createCommand(processTerminal()).parseAsync(process.argv);
} catch (error) {
  // What we expect is told in one line; anything else is our bug and shows its stack.
  console.error(error instanceof AppError ? error.message : error);
  process.exitCode = 1;
}
