import { isDeepStrictEqual } from 'node:util';

import type { Scope } from '../access/requirement.ts';
import { placeOf, refusal, refuseAll, type Refusal } from '../refusals.ts';
import type { DeclaredKind } from './read-kinds.ts';
import type { JsonSchema, Tool, ToolKind } from './tool.ts';

/**
 * Puts the operations of one name together: one flat object whose `kind` tells them apart.
 *
 * @throws CodegenRefused for kinds that cannot be told apart and for arguments of one name and two types
 */
export function combineKinds(declared: readonly DeclaredKind[]): Tool[] {
  const groups = Map.groupBy(declared, ({ tool }) => `${tool.endpoint} ${tool.name}`);
  refuseAll([...groups.values()].flatMap((group) => [...checkKinds(group), ...checkTypes(group)]));
  return [...groups.values()].map(toolOf).toSorted(byEndpointAndName);
}

function checkKinds(group: readonly DeclaredKind[]): Refusal[] {
  return group.flatMap(({ node, tool, kind }, at) => {
    const first = group.slice(0, at).find((other) => other.kind.kind === kind.kind);
    if (first !== undefined) {
      const what = kind.kind === null ? '' : ` kind ${JSON.stringify(kind.kind)} of`;
      return [
        refusal(
          node,
          `${what} tool ${JSON.stringify(tool.name)} is declared twice, first at ${placeOf(first.node)}`.trim(),
        ),
      ];
    }
    if (group.length > 1 && kind.kind === null) {
      return [refusal(node, `tool ${JSON.stringify(tool.name)} has several operations: give this one a kind too`)];
    }
    return [];
  });
}

function checkTypes(group: readonly DeclaredKind[]): Refusal[] {
  const seen = new Map<string, { type: string; schema: JsonSchema }>();
  return group.flatMap(({ node, tool, kind }) =>
    kind.variables.flatMap((variable) => {
      const known = seen.get(variable.name);
      if (known === undefined) seen.set(variable.name, variable);
      if (known === undefined || isDeepStrictEqual(shapeOf(known.schema), shapeOf(variable.schema))) return [];
      return [
        refusal(
          node,
          `$${variable.name} is ${variable.type} here and ${known.type} in another kind of ${JSON.stringify(tool.name)}: one name, one type`,
        ),
      ];
    }),
  );
}

function shapeOf({ description: _description, default: _default, ...shape }: JsonSchema): JsonSchema {
  return shape;
}

function toolOf(group: readonly DeclaredKind[]): Tool {
  const kinds = group.map(({ kind }) => kind);
  const [first] = group;
  if (first === undefined) throw new Error('a group has at least one member');
  const { name, endpoint } = first.tool;
  const single = kinds.length === 1 && kinds[0]?.kind === null;
  return {
    name,
    endpoint,
    title: first.tool.title ?? name,
    description: (single ? first.paragraphs.join('\n\n') : first.paragraphs[0]) ?? '',
    scope: scopeOf(kinds),
    kinds,
    inputSchema: endpoint === 'MAIN' ? withoutDescriptions(flatSchema(kinds)) : flatSchema(kinds),
    // Results of the main tools differ by kind; nowhere are they worth the tokens of their descriptions.
    outputSchema: single && endpoint === 'INTENT' ? bareResult(kinds) : undefined,
  };
}

function bareResult([only]: readonly ToolKind[]): JsonSchema | undefined {
  return only?.result === undefined ? undefined : withoutDescriptions(only.result);
}

function scopeOf(kinds: readonly ToolKind[]): Scope {
  return kinds.some((kind) => kind.scopes.every((all) => all.includes('mcp:write')) && kind.scopes.length > 0)
    ? 'mcp:write'
    : 'mcp:read';
}

/** The published schema: every argument of every kind; what a kind needs of them is checked on the server. */
function flatSchema(kinds: readonly ToolKind[]): JsonSchema {
  const [only] = kinds;
  if (kinds.length === 1 && only?.kind === null) return only.inputSchema;
  const properties: Record<string, JsonSchema> = {
    kind: { type: 'string', enum: kinds.flatMap(({ kind }) => kind ?? []) },
  };
  for (const kind of kinds) {
    for (const [name, schema] of Object.entries(kind.inputSchema.properties ?? {}))
      properties[name] ??= withoutParts(schema);
  }
  return { type: 'object', properties, required: ['kind'], additionalProperties: false };
}

/** What lies inside the objects of a list is told by `discover` and checked for each kind: here it would cost too much. */
function withoutParts(schema: JsonSchema): JsonSchema {
  return schema.items?.type === 'object' ? { ...schema, items: { type: 'object' } } : schema;
}

function withoutDescriptions(schema: JsonSchema): JsonSchema {
  const { description: _description, properties, items, ...rest } = schema;
  return {
    ...rest,
    ...(items === undefined ? {} : { items: withoutDescriptions(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, part]) => [key, withoutDescriptions(part)]),
          ),
        }),
  };
}

function byEndpointAndName(a: Tool, b: Tool): number {
  return a.endpoint === b.endpoint ? (a.name < b.name ? -1 : 1) : a.endpoint === 'MAIN' ? -1 : 1;
}
