import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import { oneLine } from './print-type.ts';
import type { ToolDescription, ToolKindDescription } from './request.ts';
import { suggest } from './suggest.ts';

/**
 * The exact arguments of a tool, kind by kind; without a name, the list of tools.
 *
 * @param name `intent`, or with a kind: `intent create`
 * @throws NO_SUCH with the nearest names
 */
export function describeTool(tools: readonly ToolDescription[], name: string | undefined): string[] {
  if (name === undefined) return tools.map((tool) => toolLine(tool));
  const [toolName = '', kindName] = name.trim().split(/[\s.]+/);
  const found = tools.filter((tool) => tool.name === toolName);
  if (found.length === 0)
    throw unknown(
      'tool',
      toolName,
      tools.map((tool) => tool.name),
    );
  const kinds = found.flatMap((tool) => tool.kinds.map((kind) => ({ tool, kind })));
  const wanted = kindName === undefined ? kinds : kinds.filter(({ kind }) => kind.kind === kindName);
  if (wanted.length === 0)
    throw unknown(
      'kind',
      name,
      kinds.flatMap(({ kind }) => (kind.kind === null ? [] : [kind.kind])),
    );
  return [...found.map((tool) => toolLine(tool)), ...wanted.map(({ tool, kind }) => kindText(tool, kind))];
}

function toolLine({ name, endpoint, description, kinds }: ToolDescription): string {
  const names = kinds.flatMap(({ kind }) => (kind === null ? [] : [kind]));
  const list = names.length === 0 ? '' : ` kinds: ${names.join(', ')}`;
  return `${name} (${endpoint === 'INTENT' ? '/intent/mcp' : '/mcp'}): ${oneLine(description)}${list}`;
}

function kindText(tool: ToolDescription, kind: ToolKindDescription): string {
  const title = kind.kind === null ? tool.name : `${tool.name} kind=${kind.kind}`;
  const about = kind.description === undefined ? '' : ` # ${oneLine(kind.description)}`;
  return [`${title}${about}`, ...argumentLines(kind.inputSchema)].join('\n');
}

function argumentLines(schema: object | undefined): string[] {
  if (!isJsonObject(schema)) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const isRequired = (name: string): boolean => required.some((each) => each === name);
  return Object.entries(properties)
    .filter(([name]) => name !== 'kind')
    .toSorted(([a], [b]) => Number(isRequired(b)) - Number(isRequired(a)))
    .map(([name, property]) => argumentLine(name, property, isRequired(name)));
}

function argumentLine(name: string, property: unknown, required: boolean): string {
  const shape: JsonObject = isJsonObject(property) ? property : {};
  const about = typeof shape['description'] === 'string' ? ` # ${oneLine(shape['description'])}` : '';
  const standard = shape['default'] === undefined ? '' : ` = ${JSON.stringify(shape['default'])}`;
  return `  ${name}: ${typeText(shape)}${required ? ' (required)' : ''}${standard}${about}`;
}

function typeText(shape: JsonObject): string {
  const { type, enum: values, items } = shape;
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  if (type === 'array' && isJsonObject(items)) return `[${typeText(items)}]`;
  if (Array.isArray(type)) return type.join(' | ');
  return typeof type === 'string' ? type : 'any JSON';
}

function unknown(what: string, name: string, names: readonly string[]): AppError {
  const near = suggest(name, names);
  const advice = near.length === 0 ? `there are ${[...new Set(names)].join(', ')}` : `did you mean ${near.join(', ')}?`;
  return new AppError('NO_SUCH', `no such ${what}: ${JSON.stringify(name.slice(0, 100))}; ${advice}`);
}
