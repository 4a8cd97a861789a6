// What a provider says about its types, and how a user's configuration is held to it.
export { conform } from './conform.ts';
export { knownLater, withoutKnownLater } from './known-later.ts';
export { impliedType, nestedAttributeType } from './implied-type.ts';
export type {
  BlockNesting,
  IdentitySchema,
  NestedAttributes,
  NestedBlock,
  ProviderSchema,
  ResourceSchema,
  SchemaAttribute,
  SchemaBlock,
  SchemaPart,
  ServerCapabilities,
} from './resource-schema.ts';
