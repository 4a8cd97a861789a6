import { recordAudit } from '../../domain/audit/index.ts';
import { listConfig } from '../../domain/environment/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import { findDependencies } from '../../storage/dependencies.ts';
import { findProviderConfigs } from '../../storage/project-config.ts';
import { findProject } from '../../storage/projects.ts';
import { countResources, findResource, findResources, type ResourceRow } from '../../storage/resources.ts';
import type { Engine } from '../engine.ts';
import { resourceText, type Writing } from './compose.ts';
import { type Gathered, gatherResource, type Unreadable } from './gather-resource.ts';
import { comment, quoted } from './hcl.ts';
import { Names } from './names.ts';
import { Providers } from './providers.ts';
import { Variables } from './variables.ts';

export interface ExportInput {
  readonly intentProject: string;
  readonly resourceID?: string | null | undefined;
}

/** A project, or one resource of it, as a Terraform or OpenTofu configuration. */
export interface ProjectExport {
  readonly hcl: string;
  readonly resourceCount: number;
  /** What a plan of the file will show besides imports, and what could not be written down. */
  readonly warnings: readonly string[];
  /** Names of the variables that stand for sensitive and write-only values. */
  readonly variables: readonly string[];
}

const MAX_RESOURCES = 500;
const AT_ONCE = 8;

/**
 * Writes a configuration by which Terraform takes the resources over. Each `import` block has been tried on the provider
 * when this answers: where a plan after it would show anything, the file says so.
 *
 * @throws NO_SUCH; LIMIT_EXCEEDED for a project with more than 500 resources
 */
export async function exportProject(engine: Engine, request: Request, input: ExportInput): Promise<ProjectExport> {
  const rows = await findRows(engine, input);
  const all: (Gathered | Unreadable)[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const some = rows.slice(at, at + AT_ONCE);
    all.push(...(await Promise.all(some.map((row) => gatherResource(engine, request, row)))));
  }
  const written = await write(engine, input.intentProject, all);
  await record(engine, request, input, all.length);
  return written;
}

async function findRows(engine: Engine, { intentProject: project, resourceID }: ExportInput): Promise<ResourceRow[]> {
  return engine.domain.storage.read(async (db) => {
    if ((await findProject(db, project)) === undefined) throw noSuch('Intent project', project);
    if (typeof resourceID === 'string') {
      const row = await findResource(db, project, resourceID);
      if (row === undefined) throw noSuch('resource', resourceID);
      return [row];
    }
    const count = await countResources(db, project);
    if (count > MAX_RESOURCES) {
      throw new AppError(
        'LIMIT_EXCEEDED',
        `project ${project} has ${count} resources, and ${MAX_RESOURCES} can be exported at once: export them by resourceID`,
      );
    }
    return findResources(db, project, MAX_RESOURCES);
  });
}

async function write(engine: Engine, project: string, all: readonly (Gathered | Unreadable)[]): Promise<ProjectExport> {
  const found = await engine.domain.storage.read(async (db) => ({
    edges: await findDependencies(db, project),
    configs: await findProviderConfigs(db, project),
  }));
  const environment = await listConfig(engine.domain, project);
  const gathered = all.filter((each) => 'loaded' in each);
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const variables = new Variables();
  const providers = new Providers(gathered);
  const writing: Writing = {
    addresses: addressesOf(gathered),
    gathered: new Map(gathered.map((each) => [each.row.resourceId, each])),
    edges: found.edges,
    variables,
    providers,
    warn,
  };
  const resources = all.map((each) => {
    if (!('loaded' in each)) return unreadableText(each, warn);
    return resourceText(each, writing.addresses.get(each.row.resourceId) ?? '', writing);
  });
  const configurations = providers.configurations(found.configs, variables);
  const parts = [
    headText(project, environment),
    ...(gathered.length === 0 ? [] : [providers.requirements(warn)]),
    ...configurations,
    ...variables.blocks(),
    ...resources,
  ];
  return { hcl: parts.join('\n'), resourceCount: gathered.length, warnings, variables: variables.names };
}

function headText(project: string, environment: readonly { readonly id: string }[]): string {
  const lines = [comment(`Intent project ${quoted(project)}, written by Sluice.`)];
  const names = environment.map(({ id }) => id).join(', ');
  if (names !== '')
    lines.push(comment(`Its providers get these variables and files, which are not part of this: ${names}`));
  return `${lines.join('\n')}\n`;
}

function unreadableText({ row, reason }: Unreadable, warn: (text: string) => void): string {
  const text = `left out: ${row.type} ${quoted(row.resourceId)}: ${reason.replace(/\s+/g, ' ').slice(0, 300)}`;
  warn(text);
  return `${comment(text)}\n`;
}

/** `type.name` for each resource: names are free within a type. */
function addressesOf(gathered: readonly Gathered[]): ReadonlyMap<string, string> {
  const names = new Map<string, Names>();
  return new Map(
    gathered.map(({ row: { type, resourceId } }) => {
      const ofType = names.get(type) ?? new Names();
      names.set(type, ofType);
      return [resourceId, `${type}.${ofType.take(resourceId)}`];
    }),
  );
}

function record({ domain }: Engine, request: Request, input: ExportInput, resources: number): Promise<void> {
  return domain.storage.transaction((db) =>
    recordAudit(db, domain, request, {
      action: 'intent-project.export',
      affected: { type: 'INTENT_PROJECT', id: input.intentProject },
      ...(typeof input.resourceID === 'string' ? { related: { type: 'INTENT_RESOURCE', id: input.resourceID } } : {}),
      data: { resources },
    }),
  );
}
