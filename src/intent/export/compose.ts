import { formatPath } from '../../shared/problems.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { isValueMap } from '../../providers/index.ts';
import type { DependencyRow } from '../../storage/dependencies.ts';
import { textOf } from '../journal/json-fields.ts';
import { bare, part } from '../merge/parts.ts';
import { bodyLines } from './block-body.ts';
import type { ImportCheck } from './check-import.ts';
import type { Gathered } from './gather-resource.ts';
import { comment, quoted } from './hcl.ts';
import type { Providers } from './providers.ts';
import type { Variables } from './variables.ts';

/** What resources are written with. */
export interface Writing {
  /** Address in the file, such as `time_static.start`, of each resource that is written, by its id. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly gathered: ReadonlyMap<string, Gathered>;
  readonly edges: readonly DependencyRow[];
  readonly variables: Variables;
  readonly providers: Providers;
  readonly warn: (text: string) => void;
}

/** The `import` and `resource` blocks of one resource. */
export function resourceText(resource: Gathered, address: string, writing: Writing): string {
  const [type = '', name = ''] = address.split('.');
  const { row, loaded, config, withheld } = resource;
  const replaced = (path: readonly (string | number)[]) => referenceAt(resource, path, writing);
  const secret: Parameters<typeof bodyLines>[2]['secret'] = (path, attribute) =>
    writing.variables.declare(address, path, attribute);
  const meta = writing.providers.argument(row);
  const lines = [
    ...(row.resourceId === name ? [] : [comment(`resource ${quoted(row.resourceId)}`)]),
    ...conditionLines(resource, writing),
    ...importLines(resource, address, writing),
    `resource ${quoted(type)} ${quoted(name)} {`,
    ...(meta === undefined ? [] : [`  provider = ${meta}`]),
    ...bodyLines(loaded.schema.block, config, { secret, withheld, replaced }, '  '),
    ...dependsLines(resource, writing),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function conditionLines({ row: { condition, resourceId } }: Gathered, { warn }: Writing): string[] {
  if (condition !== 'TAINTED' && condition !== 'GONE') return [];
  const text =
    condition === 'GONE'
      ? `${quoted(resourceId)} is gone: the provider no longer finds it, so a plan makes it anew`
      : `the creation of ${quoted(resourceId)} failed half-way`;
  warn(text);
  return [comment(text)];
}

function importLines({ importing, row }: Gathered, address: string, { warn }: Writing): string[] {
  if (row.condition === 'GONE') return [];
  if (importing === undefined) {
    const text = `no import block: ${quoted(row.resourceId)} has no id that it could be imported by; a plan would create it`;
    warn(text);
    return [comment(text)];
  }
  const block = ['import {', `  to = ${address}`, `  id = ${quoted(importing.id)}`, '}', ''];
  const trouble = troubleOf(importing.check, row.resourceId);
  if (trouble === undefined) return block;
  warn(trouble.text);
  return [comment(trouble.text), ...(trouble.keep ? block : [])];
}

/** What speaks against an `import` block, and whether it is written all the same. */
function troubleOf(check: ImportCheck, resourceId: string): { text: string; keep: boolean } | undefined {
  const id = quoted(resourceId);
  switch (check.outcome) {
    case 'no-op':
      return undefined;
    case 'update':
      return { text: `a plan will show an update of ${id} in place: ${check.paths.join(', ')}`, keep: true };
    case 'unplanned':
      return { text: `what a plan will show for ${id} is not known: ${oneLine(check.reason)}`, keep: true };
    case 'replace':
      return {
        text: `no import block: after an import a plan would replace ${id} because of ${check.paths.join(', ')}, which the import does not bring`,
        keep: false,
      };
    case 'refused':
      return {
        text: `no import block: the provider does not import ${id}, so a plan would create it anew: ${oneLine(check.reason)}`,
        keep: false,
      };
  }
}

const MAX_REASON_LENGTH = 300;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH)}…` : line;
}

/** A reference in place of a value that is known to come from another resource, and that is that resource's now. */
function referenceAt(
  { row, config }: Gathered,
  path: readonly (string | number)[],
  { edges, gathered, addresses }: Writing,
): string | undefined {
  const target = formatPath(path);
  const value = path.length === 1 && isJsonObject(config) ? config[target] : undefined;
  if (typeof value !== 'string') return undefined;
  for (const edge of edges.filter(({ fromResource }) => fromResource === row.resourceId)) {
    const needed = gathered.get(edge.toResource);
    const address = addresses.get(edge.toResource);
    if (needed === undefined || address === undefined || needed.importing?.check.outcome !== 'no-op') continue;
    for (const { sourceField, targetField } of mappingsOf(edge.fieldMappings ?? null)) {
      if (targetField !== target || !/^[a-z_][a-z0-9_]*$/.test(sourceField)) continue;
      const state = needed.object.value;
      if (isValueMap(bare(state)) && part(state, sourceField) === value) return `${address}.${sourceField}`;
    }
  }
  return undefined;
}

function mappingsOf(mappings: Json): { sourceField: string; targetField: string }[] {
  const list: readonly Json[] = Array.isArray(mappings) ? mappings : [];
  return list
    .filter(isJsonObject)
    .map((each) => ({ sourceField: textOf(each, 'sourceField'), targetField: textOf(each, 'targetField') }));
}

function dependsLines({ row }: Gathered, { edges, addresses }: Writing): string[] {
  const needed = edges
    .filter(({ fromResource }) => fromResource === row.resourceId)
    .flatMap(({ toResource }) => addresses.get(toResource) ?? []);
  return needed.length === 0 ? [] : ['', `  depends_on = [${needed.join(', ')}]`];
}
