import {
  type FieldNode,
  type GraphQLArgument,
  type GraphQLSchema,
  isNonNullType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

import { holdsVariable } from './compile-operation.ts';
import type { PreparedOperation } from './prepare-document.ts';

/** Something that graphql-jit does not do as graphql-js does. Documents that show it are run by graphql-js. */
export interface CompilerDifference {
  readonly name: string;
  /** What would come out differently. */
  readonly effect: string;
}

/** The whole list; the differential test fails on a difference that is not in it. */
export const compilerDifferences = {
  conditions: {
    name: 'conditions',
    effect:
      '@skip and @include are kept on the shared nodes of the document, so a fragment that is used twice mixes up its conditions',
  },
  inheritedKey: {
    name: 'inheritedKey',
    effect:
      'a field answered under a name that every object inherits, such as __proto__, is mixed up with what is inherited',
  },
  nestedVariable: {
    name: 'nestedVariable',
    effect: 'an absent variable inside a literal becomes undefined instead of leaving its place out',
  },
  nullableVariable: {
    name: 'nullableVariable',
    effect:
      'a variable that is null or absent, for an argument that may not be null or has a default, is taken otherwise',
  },
  size: { name: 'size', effect: 'compiling takes longer than running' },
} as const satisfies Record<string, CompilerDifference>;

const MAX_COMPILED_FIELDS = 500;

/** @returns the first known difference that the operation would show; undefined when it can be compiled */
export function findDifference(schema: GraphQLSchema, prepared: PreparedOperation): CompilerDifference | undefined {
  if (prepared.use.conditional) return compilerDifferences.conditions;
  if (prepared.use.compiledFields > MAX_COMPILED_FIELDS) return compilerDifferences.size;
  let found: CompilerDifference | undefined;
  const types = new TypeInfo(schema);
  const nullable = nullableVariables(prepared);
  const visitor = visitWithTypeInfo(types, {
    Field: (node: FieldNode) => {
      if ((node.alias ?? node.name).value in Object.prototype) found ??= compilerDifferences.inheritedKey;
    },
    Argument: ({ value }) => {
      if (value.kind !== Kind.VARIABLE) {
        if (holdsVariable(value)) found ??= compilerDifferences.nestedVariable;
      } else if (nullable.has(value.name.value) && needsValue(types.getArgument())) {
        found ??= compilerDifferences.nullableVariable;
      }
    },
  });
  visit(prepared.document, visitor);
  return found;
}

function needsValue(argument: GraphQLArgument | null | undefined): boolean {
  return isNonNullType(argument?.type) || argument?.default !== undefined;
}

function nullableVariables({ operation }: PreparedOperation): ReadonlySet<string> {
  const nullable = (operation.variableDefinitions ?? []).filter(({ type }) => type.kind !== Kind.NON_NULL_TYPE);
  return new Set(nullable.map((each) => each.variable.name.value));
}
