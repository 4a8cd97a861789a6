import {
  Kind,
  print,
  stripIgnoredCharacters,
  visit,
  type DefinitionNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The operation as it is executed: self-contained, without descriptions and without @tool. */
export function printDocument(node: OperationDefinitionNode, fragments: Fragments): string {
  const { description: _description, ...operation } = node;
  const bare: OperationDefinitionNode = {
    ...operation,
    directives: (node.directives ?? []).filter((directive) => directive.name.value !== 'tool'),
    variableDefinitions: (node.variableDefinitions ?? []).map(({ description: _text, ...variable }) => variable),
  };
  const definitions: DefinitionNode[] = [bare, ...fragmentsUsedBy(node, fragments)];
  return stripIgnoredCharacters(print({ kind: Kind.DOCUMENT, definitions }));
}

/** Fragments that an operation spreads, directly or by way of others, in the order they are met. */
export function fragmentsUsedBy(node: OperationDefinitionNode, fragments: Fragments): FragmentDefinitionNode[] {
  const used = new Map<string, FragmentDefinitionNode>();
  const collect = (within: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(within, {
      FragmentSpread(spread) {
        const fragment = fragments.get(spread.name.value);
        if (fragment === undefined || used.has(spread.name.value)) return;
        used.set(spread.name.value, fragment);
        collect(fragment);
      },
    });
  };
  collect(node);
  return [...used.values()];
}
