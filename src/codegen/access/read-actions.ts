import { Kind, type ConstDirectiveNode, type DocumentNode, type EnumValueDefinitionNode } from 'graphql';

import { refusal, refuseAll, type Refusal } from '../refusals.ts';
import { enumsOf, type EnumNode } from '../sdl.ts';

/** The rungs of the ladder, lowest first: each system role of a rung holds everything of those below. */
export const rungs = ['READ', 'WRITE', 'ADMIN'] as const;
export type Rung = (typeof rungs)[number];

/** One block of the enum `Action`. */
export interface ActionCategory {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly ActionEntry[];
}

export interface ActionEntry {
  readonly action: string;
  readonly description: string;
  readonly heldFrom: Rung;
}

/** @throws CodegenRefused for a block of actions without a heading */
export function readActions(document: DocumentNode): ActionCategory[] {
  const refusals: Refusal[] = [];
  const categories = enumsOf(document)
    .filter((node) => node.name.value === 'Action')
    .map((node) => readCategory(node, refusals));
  refuseAll(refusals);
  return categories;
}

function readCategory(node: EnumNode, refusals: Refusal[]): ActionCategory {
  const heading = node.directives?.find((directive) => directive.name.value === 'category');
  if (heading === undefined) {
    refusals.push(refusal(node, 'actions without a category: give the block @category(name: …, description: …)'));
  }
  return {
    name: textOf(heading, 'name'),
    description: textOf(heading, 'description'),
    actions: (node.values ?? []).map(readEntry),
  };
}

function readEntry(value: EnumValueDefinitionNode): ActionEntry {
  const level = argumentOf(
    value.directives?.find((directive) => directive.name.value === 'heldFrom'),
    'level',
  );
  const rung = level?.kind === Kind.ENUM ? rungs.find((each) => each === level.value) : undefined;
  return { action: value.name.value, description: value.description?.value ?? '', heldFrom: rung ?? 'ADMIN' };
}

function argumentOf(directive: ConstDirectiveNode | undefined, name: string) {
  return directive?.arguments?.find((argument) => argument.name.value === name)?.value;
}

function textOf(directive: ConstDirectiveNode | undefined, name: string): string {
  const value = argumentOf(directive, name);
  return value?.kind === Kind.STRING ? value.value : '';
}
