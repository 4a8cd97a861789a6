import type { SchemaAttribute } from '../../providers/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { formatPath } from '../../shared/problems.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from '../merge/shape.ts';
import { listText, literal, objectText, quoted } from './hcl.ts';

type Path = readonly (string | number)[];

/** What a body is written with. */
export interface BodyContext {
  /** Takes note of a value that must not be written down, and returns the reference that stands for it. */
  readonly secret: (path: Path, attribute: SchemaAttribute) => string;
  /** Paths of write-only arguments that were given and are not kept. */
  readonly withheld: ReadonlySet<string>;
  /** What is written in place of a value, such as a reference to another resource. */
  readonly replaced: (path: Path) => string | undefined;
}

/** The inside of a block: arguments by name, then blocks by name. What is null is left out. */
export function bodyLines(shape: Shape, config: Json, context: BodyContext, indent: string, path: Path = []): string[] {
  if (!isJsonObject(config)) return [];
  const lines = byName(shape.attributes).flatMap((attribute) => {
    const text = attributeText(attribute, config[attribute.name] ?? null, [...path, attribute.name], context, indent);
    return text === undefined ? [] : [`${indent}${attribute.name} = ${text}`];
  });
  const blocks = byName(shape.blocks).flatMap((block) => {
    const nest = nestOfBlock(block);
    return blockLines(block.name, nest, config[block.name] ?? null, context, indent, [...path, block.name]);
  });
  return [...lines, ...blocks];
}

function attributeText(
  attribute: SchemaAttribute,
  value: Json,
  path: Path,
  context: BodyContext,
  indent: string,
): string | undefined {
  const hidden = attribute.sensitive || attribute.writeOnly;
  if (hidden && (value !== null || context.withheld.has(formatPath(path)))) return context.secret(path, attribute);
  if (value === null) return undefined;
  const nest = nestOfAttribute(attribute);
  return (
    context.replaced(path) ??
    (nest === undefined ? literal(value, indent) : nestText(nest, value, path, context, indent))
  );
}

/** An attribute with attributes of its own. */
function nestText(nest: Nest, value: Json, path: Path, context: BodyContext, indent: string): string {
  const inner = `${indent}  `;
  if (isList(value)) {
    return listText(
      value.map((each, at) => memberText(nest.shape, each, [...path, at], context, inner)),
      indent,
    );
  }
  if (nest.nesting !== 'MAP' || !isJsonObject(value)) return memberText(nest.shape, value, path, context, indent);
  const members = Object.entries(value).map(
    ([key, each]) => [key, memberText(nest.shape, each, [...path, key], context, inner)] as const,
  );
  return objectText(members, indent);
}

function memberText(shape: Shape, value: Json, path: Path, context: BodyContext, indent: string): string {
  if (!isJsonObject(value)) return literal(value, indent);
  const members = byName(shape.attributes).flatMap((attribute) => {
    const at = [...path, attribute.name];
    const text = attributeText(attribute, value[attribute.name] ?? null, at, context, `${indent}  `);
    return text === undefined ? [] : [[attribute.name, text] as const];
  });
  return objectText(members, indent);
}

function blockLines(
  name: string,
  { nesting, shape }: Nest,
  value: Json,
  context: BodyContext,
  indent: string,
  path: Path,
): string[] {
  if (value === null) return [];
  const one = (label: string, element: Json, at: Path): string[] => {
    const lines = bodyLines(shape, element, context, `${indent}  `, at);
    return ['', `${indent}${name} ${label}{`, ...lines, `${indent}}`];
  };
  if (isList(value)) return value.flatMap((element, at) => one('', element, [...path, at]));
  if (nesting !== 'MAP' || !isJsonObject(value)) return one('', value, path);
  return Object.entries(value).flatMap(([key, element]) => one(`${quoted(key)} `, element, [...path, key]));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
