import { FilterInterfaceFields, FilterObjectFields } from '@graphql-tools/wrap';
import { pruneSchema } from '@graphql-tools/utils';
import { getNamedType, GraphQLSchema, isEnumType, isObjectType } from 'graphql';
import { LRUCache } from 'lru-cache';

import type { Caller } from '../shared/caller.ts';
import type { AccessTable, Requirement } from './access-table.ts';
import { type ActionBits, type ActionMask, scopeBits, scopesAllow } from './caller-mask.ts';

/** The API as one kind of caller may use it: for introspection and `describe`, never to decide. */
export interface Views {
  schemaFor(caller: Caller): GraphQLSchema;
  /** Undefined when nothing is open to strangers. */
  strangersSchema(): GraphQLSchema | undefined;
}

/** What callers have in common who see the same API. */
interface Profile {
  readonly stranger: boolean;
  readonly scopes: number;
  readonly actions: ActionMask;
}

type Keep = (type: string, field: string) => boolean;

const MAX_VIEWS = 32; // one for each set of scopes and actions in use, at about 2 MB

export function createViews(schema: GraphQLSchema, table: AccessTable, bits: ActionBits): Views {
  const views = new LRUCache<string, GraphQLSchema>({ max: MAX_VIEWS });
  const viewFor = (profile: Profile): GraphQLSchema => {
    const key = profile.stranger ? 'stranger' : `${profile.scopes} ${profile.actions.join(' ')}`;
    const known = views.get(key);
    if (known !== undefined) return known;
    const view = filterSchema(
      schema,
      profile.stranger ? keepForStrangers(schema, table) : keepFor(profile, table, bits),
    );
    views.set(key, view);
    return view;
  };
  const queries = schema.getQueryType();
  const open = Object.keys(queries?.getFields() ?? {}).some(
    (field) => table.ofField(queries?.name ?? '', field)?.public,
  );
  const stranger: Profile = { stranger: true, scopes: 0, actions: bits.emptyMask() };
  return {
    schemaFor: (caller) =>
      caller.principal.kind === 'ANONYMOUS'
        ? viewFor(stranger)
        : viewFor({ stranger: false, scopes: scopeBits(caller.scopes), actions: bits.heldAnywhere(caller) }),
    strangersSchema: () => (open ? viewFor(stranger) : undefined),
  };
}

function keepFor({ scopes, actions }: Profile, table: AccessTable, bits: ActionBits): Keep {
  const opens = (row: Requirement | undefined): boolean =>
    row === undefined ||
    (scopesAllow(scopes, row.scopes) && row.actions.every(({ action }) => bits.has(actions, action)));
  return (type, field) =>
    table.ofField(type, field) !== undefined && opens(table.ofField(type, field)) && opens(table.ofType(type));
}

// Fields of a type that a public field returns are kept: a stranger may write them and is answered null.
function keepForStrangers(schema: GraphQLSchema, table: AccessTable): Keep {
  const returned = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const [name, field] of Object.entries(type.getFields()))
      if (table.ofField(type.name, name)?.public === true) returned.add(getNamedType(field.type).name);
  }
  return (type, field) =>
    table.ofField(type, field)?.public === true || (returned.has(type) && table.ofType(type) !== undefined);
}

function filterSchema(schema: GraphQLSchema, keep: Keep): GraphQLSchema {
  const keepOfInterface: Keep = (type, field) => {
    const named = schema.getType(type);
    const implementations =
      named === undefined || !('getInterfaces' in named) || isObjectType(named) ? [] : schema.getPossibleTypes(named);
    return implementations.every((object) => keep(object.name, field));
  };
  const objects = new FilterObjectFields(keep).transformSchema(schema, { schema });
  const filtered = new FilterInterfaceFields(keepOfInterface).transformSchema(objects, { schema: objects });
  return pruneSchema(dropEmptyMutation(filtered), {
    skipPruning: (type) => isEnumType(type) && type.name === 'Action', // clients look it up by name
  });
}

function dropEmptyMutation(schema: GraphQLSchema): GraphQLSchema {
  const mutation = schema.getMutationType();
  if (mutation === null || mutation === undefined || Object.keys(mutation.getFields()).length > 0) return schema;
  const config = schema.toConfig();
  return new GraphQLSchema({
    ...config,
    mutation: null,
    types: config.types.filter((type) => type.name !== mutation.name),
  });
}
