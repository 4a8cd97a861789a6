import type { CtyType } from '../values/index.ts';

/** What a provider says about one resource or data-source type. Plain JSON data: it is stored type by type. */
export interface ResourceSchema {
  readonly version: number;
  readonly block: SchemaBlock;
  /** What names an object of this type for good; only of resources, and few types have one. */
  readonly identity?: IdentitySchema;
}

export interface IdentitySchema {
  readonly version: number;
  readonly attributes: readonly IdentityAttribute[];
}

export interface IdentityAttribute {
  readonly name: string;
  readonly type: CtyType;
  /** An import must give it; any other may be left to the provider. */
  readonly required: boolean;
  readonly description: string;
}

export interface SchemaBlock {
  readonly attributes: readonly SchemaAttribute[];
  readonly blocks: readonly NestedBlock[];
  readonly description: string;
  readonly deprecated: boolean;
}

export interface SchemaAttribute {
  readonly name: string;
  /** For an attribute with attributes of its own: the type that these imply. */
  readonly type: CtyType;
  readonly nested?: NestedAttributes;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  /** Sent to the provider, never kept in state. */
  readonly writeOnly: boolean;
  readonly deprecated: boolean;
  readonly description: string;
}

/** Attributes inside an attribute (protocol 6). */
export interface NestedAttributes {
  readonly nesting: 'SINGLE' | 'LIST' | 'SET' | 'MAP';
  readonly attributes: readonly SchemaAttribute[];
}

export type BlockNesting = 'SINGLE' | 'LIST' | 'SET' | 'MAP' | 'GROUP';

export interface NestedBlock {
  readonly name: string;
  readonly nesting: BlockNesting;
  readonly minItems: number;
  /** 0 means no limit here; a provider may still have one in its own checks. */
  readonly maxItems: number;
  readonly block: SchemaBlock;
}

/** What a provider says that it can do beside the basics. */
export interface ServerCapabilities {
  readonly planDestroy: boolean;
  /** The provider plans and applies in a process that was never asked for its schema. */
  readonly schemaOptional: boolean;
  readonly moveState: boolean;
}

/** All that a provider says about itself. For a large provider this is hundreds of megabytes: read it in parts. */
export interface ProviderSchema {
  readonly provider: SchemaBlock;
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  readonly dataSources: Readonly<Record<string, ResourceSchema>>;
  readonly serverCapabilities: ServerCapabilities;
}

/** One piece of a provider's schema, as it is handed over type by type. */
export type SchemaPart =
  | { readonly kind: 'provider'; readonly block: SchemaBlock; readonly serverCapabilities: ServerCapabilities }
  | { readonly kind: 'resource' | 'dataSource'; readonly type: string; readonly schema: ResourceSchema };
