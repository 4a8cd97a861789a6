import { Kind, type FieldNode, type OperationDefinitionNode, valueFromASTUntyped } from 'graphql';

import type { CoercedVariables } from './run-operation.ts';

const MAX_TEXT_CHARACTERS = 100;

/**
 * The root fields of these names as people can read them before they agree: `boxDelete(id: "box-a")`. Only single
 * values are shown; a field that comes by a fragment shows its name alone.
 */
export function describeCalls(
  { selectionSet }: OperationDefinitionNode,
  fields: readonly string[],
  variables: CoercedVariables,
): string[] {
  const written = selectionSet.selections.filter((node): node is FieldNode => node.kind === Kind.FIELD);
  const shown = written.filter(({ name }) => fields.includes(name.value)).map((node) => callText(node, variables));
  const hidden = fields.filter((field) => !written.some(({ name }) => name.value === field));
  return [...shown, ...hidden];
}

function callText({ name, arguments: given = [] }: FieldNode, variables: CoercedVariables): string {
  const shown = given.flatMap((argument) => {
    const text = valueText(valueFromASTUntyped(argument.value, variables));
    return text === undefined ? [] : [`${argument.name.value}: ${text}`];
  });
  return shown.length === 0 ? name.value : `${name.value}(${shown.join(', ')})`;
}

function valueText(value: unknown): string | undefined {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  return JSON.stringify(value.length > MAX_TEXT_CHARACTERS ? `${value.slice(0, MAX_TEXT_CHARACTERS)}…` : value);
}
