// The messages of plugin-messages.proto and of the two service files as @grpc/proto-loader gives and takes them:
// 64-bit integers as decimal text, enums as names, an absent message as null. Requests may leave out what is not said.

export interface WireDynamic {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

export interface WireStep {
  readonly selector?: 'attribute_name' | 'element_key_string' | 'element_key_int';
  readonly attribute_name?: string;
  readonly element_key_string?: string;
  readonly element_key_int?: string | number;
}

export interface WirePath {
  readonly steps: readonly WireStep[];
}

export interface WireDiagnostic {
  readonly severity: 'INVALID' | 'ERROR' | 'WARNING';
  readonly summary: string;
  readonly detail: string;
  readonly attribute: WirePath | null;
}

export interface WireCapabilities {
  readonly plan_destroy: boolean;
  readonly get_provider_schema_optional: boolean;
  readonly move_resource_state: boolean;
}

export interface WireSchema {
  readonly version: string;
  readonly block: WireBlock | null;
}

export interface WireBlock {
  readonly attributes: readonly WireAttribute[];
  readonly block_types: readonly WireNestedBlock[];
  readonly description: string;
  readonly deprecated: boolean;
}

export interface WireAttribute {
  readonly name: string;
  readonly type: Uint8Array;
  readonly description: string;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  readonly deprecated: boolean;
  readonly write_only: boolean;
  /** Protocol 6 only. */
  readonly nested_type?: WireNestedObject | null;
}

export interface WireNestedObject {
  readonly attributes: readonly WireAttribute[];
  readonly nesting: 'INVALID' | 'SINGLE' | 'LIST' | 'SET' | 'MAP';
}

export interface WireNestedBlock {
  readonly type_name: string;
  readonly block: WireBlock | null;
  readonly nesting: 'INVALID' | 'SINGLE' | 'LIST' | 'SET' | 'MAP' | 'GROUP';
  readonly min_items: string;
  readonly max_items: string;
}

export interface WireSchemaParts {
  readonly provider: Uint8Array;
  readonly resource_schemas: Readonly<Record<string, Uint8Array>>;
  readonly data_source_schemas: Readonly<Record<string, Uint8Array>>;
  readonly diagnostics: readonly WireDiagnostic[];
  readonly server_capabilities: WireCapabilities | null;
}

export interface WireIdentitySchema {
  readonly version: string;
  readonly identity_attributes: readonly {
    readonly name: string;
    readonly type: Uint8Array;
    readonly required_for_import: boolean;
    readonly optional_for_import: boolean;
    readonly description: string;
  }[];
}

export interface WireIdentity {
  readonly identity_data: WireDynamic | null;
}

/** Set where a provider leaves a decision for later. */
export interface WireDeferred {
  readonly reason: 'UNKNOWN' | 'RESOURCE_CONFIG_UNKNOWN' | 'PROVIDER_CONFIG_UNKNOWN' | 'ABSENT_PREREQ';
}

interface Answer {
  readonly diagnostics: readonly WireDiagnostic[];
}

interface Deferrable extends Answer {
  readonly deferred: WireDeferred | null;
}

/** Every call by our own name: what is sent and what comes back. */
export interface WireCalls {
  getSchema: { request: Record<never, never>; response: WireSchemaParts };
  identitySchemas: {
    request: Record<never, never>;
    response: Answer & { identity_schemas: Readonly<Record<string, WireIdentitySchema | null>> };
  };
  validateProvider: { request: { config: WireDynamic }; response: Answer };
  configure: {
    request: { terraform_version: string; config: WireDynamic; client_capabilities: WireClientCapabilities };
    response: Answer;
  };
  validateResource: {
    request: { type_name: string; config: WireDynamic; client_capabilities: WireClientCapabilities };
    response: Answer;
  };
  validateDataSource: { request: { type_name: string; config: WireDynamic }; response: Answer };
  upgrade: {
    request: { type_name: string; version: number; raw_state: { json: Uint8Array } };
    response: Answer & { upgraded_state: WireDynamic | null };
  };
  read: {
    request: {
      type_name: string;
      current_state: WireDynamic;
      private: Uint8Array;
      client_capabilities: WireClientCapabilities;
      current_identity: WireIdentity | undefined;
    };
    response: Deferrable & { new_state: WireDynamic | null; private: Uint8Array; new_identity: WireIdentity | null };
  };
  plan: {
    request: {
      type_name: string;
      prior_state: WireDynamic;
      proposed_new_state: WireDynamic;
      config: WireDynamic;
      prior_private: Uint8Array;
      client_capabilities: WireClientCapabilities;
      prior_identity: WireIdentity | undefined;
    };
    response: Deferrable & {
      planned_state: WireDynamic | null;
      requires_replace: readonly WirePath[];
      planned_private: Uint8Array;
      legacy_type_system: boolean;
      planned_identity: WireIdentity | null;
    };
  };
  apply: {
    request: {
      type_name: string;
      prior_state: WireDynamic;
      planned_state: WireDynamic;
      config: WireDynamic;
      planned_private: Uint8Array;
      planned_identity: WireIdentity | undefined;
    };
    response: Answer & {
      new_state: WireDynamic | null;
      private: Uint8Array;
      legacy_type_system: boolean;
      new_identity: WireIdentity | null;
    };
  };
  import: {
    request: {
      type_name: string;
      id: string;
      client_capabilities: WireClientCapabilities;
      identity: WireIdentity | undefined;
    };
    response: Deferrable & {
      imported_resources: readonly {
        type_name: string;
        state: WireDynamic | null;
        private: Uint8Array;
        identity: WireIdentity | null;
      }[];
    };
  };
  readDataSource: {
    request: { type_name: string; config: WireDynamic; client_capabilities: WireClientCapabilities };
    response: Deferrable & { state: WireDynamic | null };
  };
  stop: { request: Record<never, never>; response: { error: string } };
}

export interface WireClientCapabilities {
  readonly deferral_allowed: boolean;
  readonly write_only_attributes_allowed: boolean;
}

export type CallName = keyof WireCalls;

/** The protocol's name of each call, which differs between its versions. */
export type MethodNames = Readonly<Record<CallName, string>>;
