import type { Tool, ToolKind } from './tool.ts';

/** The tool of the same endpoint that runs a mutation, by the mutation's name. */
export type MutationTools = ReadonlyMap<string, { readonly tool: string; readonly kind: ToolKind }>;

export const noMutationTools: MutationTools = new Map();

const FIELD_AT_START = /^(\w+)(?:(\[\d+\]\.)(\w+))?(?=[:.[])/; // `type: …`, `config.length: …`, `changes[2].importID: …`
// Camel case outside of quotes is no word of ours but a name, with or without arguments: `importID`, `apiKeyUser(id)`.
const NAME = /(?<!["'`\w.$])([a-z]+[A-Z]\w*)(?![\w"'`])(\([^()]*\))?/g;

/** The fine-grained tools by mutation; the umbrella tools take mutations as they are. */
export function findMutationTools(tools: readonly Tool[]): MutationTools {
  return new Map(
    tools
      .filter(({ endpoint }) => endpoint === 'INTENT')
      .flatMap(({ kinds, name }) =>
        kinds.flatMap((kind) => (kind.operation === 'mutation' ? [[kind.rootField, { tool: name, kind }]] : [])),
      ),
  );
}

/** A message of the API with the names that the tool's caller knows: `resourceID: …` reads `resource_id: …`. */
export function inToolWords(message: string, kind: ToolKind, others: MutationTools): string {
  const names = toolNames(kind);
  const rename = (word: string): string => names.get(word) ?? word;
  return message
    .replace(
      FIELD_AT_START,
      (_, field: string, index: string = '', inner: string = '') => `${rename(field)}${index}${rename(inner)}`,
    )
    .replaceAll(NAME, (whole: string, name: string, given?: string) => {
      const other = others.get(name);
      if (given === undefined) return names.get(name) ?? other?.tool ?? name;
      return other === undefined ? whole : `${other.tool}${renameAll(given, toolNames(other.kind))}`;
    });
}

function renameAll(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\w+/g, (word) => names.get(word) ?? word);
}

function toolNames({ variables }: ToolKind): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { argument, input = {}, name } of variables) {
    if (argument !== undefined) names.set(argument, name);
    for (const [key, field] of Object.entries(input)) if (key !== field) names.set(field, key);
  }
  return names;
}
