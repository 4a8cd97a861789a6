/** What is asked of the API's description. */
export interface DescribeRequest {
  readonly kind: 'QUERIES' | 'MUTATIONS' | 'TYPE' | 'SEARCH' | 'TOOL' | 'AUTH';
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
  readonly description: string;
  readonly inputSchema?: object | undefined;
  readonly kinds: readonly ToolKind[];
}

export interface ToolKind {
  readonly kind: string | null;
  readonly rootField?: string | undefined;
  readonly variables: readonly { readonly name: string; readonly required: boolean; readonly type: string }[];
}
