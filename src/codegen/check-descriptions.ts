import { Kind, visit, type ASTNode, type DocumentNode, type NameNode, type StringValueNode } from 'graphql';

import { refusal, type Refusal } from './refusals.ts';

type Described = ASTNode & { readonly name: NameNode; readonly description?: StringValueNode | undefined };

const words: Readonly<Record<string, string>> = {
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
  [Kind.OBJECT_TYPE_DEFINITION]: 'type',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.DIRECTIVE_DEFINITION]: 'directive',
  [Kind.FIELD_DEFINITION]: 'field',
  [Kind.INPUT_VALUE_DEFINITION]: 'argument',
  [Kind.ENUM_VALUE_DEFINITION]: 'enum value',
};

/** Whatever a client can see says what it is: assistants choose by these words. */
export function checkDescriptions(document: DocumentNode): Refusal[] {
  const refusals: Refusal[] = [];
  visit(document, {
    enter(node) {
      if (!isDescribed(node) || (node.description?.value.trim() ?? '') !== '') return;
      refusals.push(
        refusal(
          node,
          `${words[node.kind]} ${node.name.value} has no description: say what it is in a string before it`,
        ),
      );
    },
  });
  return refusals;
}

function isDescribed(node: ASTNode): node is Described {
  return node.kind in words;
}
