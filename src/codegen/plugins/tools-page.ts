import type { JsonSchema, Tool, ToolKind } from '../tools/tool.ts';
import { stamp } from './stamp.ts';

const endpoints = { MAIN: '/mcp', INTENT: '/intent/mcp' } as const;

/** docs/tools.md: each tool with its kinds, inputs and results. */
export function printToolsPage(tools: readonly Tool[]): string {
  const parts = [stamp('schema/tools/*.graphql', '<!--'), '# MCP tools', ''];
  for (const [endpoint, path] of Object.entries(endpoints)) {
    parts.push(`## \`${path}\``, '', ...tools.filter((tool) => tool.endpoint === endpoint).flatMap(toolSection));
  }
  return parts.join('\n').trimEnd() + '\n';
}

function toolSection(tool: Tool): string[] {
  return [
    `### \`${tool.name}\``,
    '',
    `${tool.title}. ${tool.description}`,
    '',
    `Needs \`${tool.scope}\`.`,
    '',
    ...tool.kinds.flatMap(kindSection),
  ];
}

function kindSection(kind: ToolKind): string[] {
  const heading = kind.kind === null ? [] : [`#### kind \`${kind.kind}\``, '', kind.description, ''];
  const marks = [kind.destructive ? 'may destroy' : '', kind.openWorld ? 'reaches other systems' : ''].filter(Boolean);
  return [
    ...heading,
    ...(kind.rootField === ''
      ? []
      : [`Runs \`${kind.operation} ${kind.rootField}\`${marks.map((mark) => `, ${mark}`).join('')}.`, '']),
    ...inputTable(kind.inputSchema),
    ...resultList(kind.result),
  ];
}

function inputTable(schema: JsonSchema): string[] {
  const rows = Object.entries(schema.properties ?? {}).filter(([name]) => name !== 'kind');
  if (rows.length === 0) return ['Takes nothing.', ''];
  const required = new Set(schema.required);
  return [
    '| argument | type | |',
    '|---|---|---|',
    ...rows.map(
      ([name, part]) =>
        `| \`${name}\`${required.has(name) ? ' *' : ''} | ${typeOf(part)} | ${cell(part.description)}${defaultOf(part)} |`,
    ),
    '',
  ];
}

function resultList(schema: JsonSchema | undefined): string[] {
  const keys = Object.keys(schema?.properties ?? {});
  return keys.length === 0 ? [] : [`Answers with ${keys.map((key) => `\`${key}\``).join(', ')}.`, ''];
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.properties !== undefined) return `object {${Object.keys(schema.properties).join(', ')}}`;
  return String(schema.type ?? 'any');
}

function defaultOf(schema: JsonSchema): string {
  return schema.default === undefined ? '' : ` Default: \`${JSON.stringify(schema.default)}\`.`;
}

function cell(text: string | undefined): string {
  return (text ?? '').replaceAll('|', '\\|');
}
