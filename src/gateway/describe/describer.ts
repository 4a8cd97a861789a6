import type { GraphQLObjectType, GraphQLSchema } from 'graphql';

import type { Caller } from '../../shared/caller.ts';
import { badInput } from '../../shared/errors.ts';
import type { Views } from '../view.ts';
import { describeAuth } from './describe-auth.ts';
import { describeTool } from './describe-tool.ts';
import { describeType } from './describe-type.ts';
import { page } from './page.ts';
import { fieldLine, firstSentence } from './print-type.ts';
import type { DescribeRequest, Discovery, DiscoverySources } from './request.ts';
import { createSearchIndex, type SearchIndex } from './search-index.ts';
import { stems } from './search-words.ts';

export type Describe = (caller: Caller, request: DescribeRequest) => Discovery;

/** Describes the API, cut to what a caller may use. */
export function createDescriber(views: Views, sources: DiscoverySources | undefined): Describe {
  const indexes = new WeakMap<GraphQLSchema, SearchIndex>();
  const indexOf = (schema: GraphQLSchema): SearchIndex => {
    const index = indexes.get(schema) ?? createSearchIndex(schema);
    indexes.set(schema, index);
    return index;
  };
  return (caller, request) => {
    const schema = views.schemaFor(caller);
    return page(entriesFor(schema, request, sources, indexOf), request.cursor);
  };
}

function entriesFor(
  schema: GraphQLSchema,
  request: DescribeRequest,
  sources: DiscoverySources | undefined,
  indexOf: (schema: GraphQLSchema) => SearchIndex,
): string[] {
  switch (request.kind) {
    case 'QUERIES':
      return rootLines(schema.getQueryType(), given(request.search));
    case 'MUTATIONS':
      return rootLines(schema.getMutationType(), given(request.search));
    case 'TYPE':
      return describeType(schema, required('name', request.name), request.depth ?? 0);
    case 'SEARCH':
      return indexOf(schema).find(required('search', request.search ?? request.name));
    case 'TOOL':
      return describeTool(sources?.tools ?? [], given(request.name));
    case 'AUTH':
      return [describeAuth(sources?.publicUrl ?? '').join('\n')];
  }
}

function given(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text.trim() === '' ? undefined : text;
}

function required(argument: string, text: string | null | undefined): string {
  const value = given(text);
  if (value === undefined) throw badInput(argument, 'this kind needs it');
  return value;
}

function rootLines(root: GraphQLObjectType | null | undefined, search: string | undefined): string[] {
  const wanted = stems(search ?? '');
  return Object.values(root?.getFields() ?? {})
    .map((field) => ({ field, words: stems(`${field.name} ${field.description ?? ''}`) }))
    .filter(({ words }) => wanted.every((word) => words.some((each) => each.startsWith(word))))
    .map(({ field }) => `${fieldLine(field)} # ${firstSentence(field.description)}`);
}
