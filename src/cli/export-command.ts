import type { Command } from 'commander';

import { exportConfiguration, exportLog, type ExportOptions } from './export.ts';
import { serverOptions } from './profile-command.ts';
import type { Terminal } from './terminal.ts';

/** `sluice export …`: what a team takes with it when it leaves. */
export function addExport(command: Command, terminal: Terminal): void {
  const ofProject = (child: Command): Command =>
    serverOptions(
      child.argument('<project>', 'id of the Intent project').option('--resource <id>', 'one resource of it'),
    );
  const group = command.command('export').description('Writes out what an Intent project holds.');
  ofProject(
    group.command('hcl').description('A Terraform configuration with import blocks; warnings go to stderr.'),
  ).action((project: string, options: ExportOptions) => exportConfiguration(terminal, project, options));
  ofProject(group.command('log').description('What was done, oldest first, one JSON object a line.')).action(
    (project: string, options: ExportOptions) => exportLog(terminal, project, options),
  );
}
