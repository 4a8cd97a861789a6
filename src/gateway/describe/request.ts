/** What is asked of the API's description. */
export interface DescribeRequest {
  readonly kind: 'QUERIES' | 'MUTATIONS' | 'TYPE' | 'SEARCH' | 'TOOL' | 'AUTH';
  /** A type, a field (`name` or `Type.name`), or a tool, with or without a kind (`intent create`). */
  readonly name?: string | null | undefined;
  readonly search?: string | null | undefined;
  /** Levels of nested types to print with a type: 0 to 3. */
  readonly depth?: number | null | undefined;
  readonly cursor?: string | null | undefined;
}

/** One page of the description. */
export interface Discovery {
  readonly text: string;
  /** To be given back for the next page; null on the last one. */
  readonly cursor: string | null;
  /** Entries on all pages. */
  readonly total: number;
}

/** A tool as the generated list has it, as far as it is described. */
export interface ToolDescription {
  readonly name: string;
  readonly endpoint: string;
  readonly description: string;
  readonly kinds: readonly ToolKindDescription[];
}

export interface ToolKindDescription {
  readonly kind: string | null;
  readonly operation: string;
  readonly description?: string | undefined;
  readonly inputSchema?: object | undefined;
}

/** What the gateway itself does not know of the server. */
export interface DiscoverySources {
  /** Scheme, host and port. */
  readonly publicUrl: string;
  readonly tools: readonly ToolDescription[];
}
