import type { ToolKind } from './tool.ts';

const FIELD_AT_START = /^(\w+)(?:(\[\d+\]\.)(\w+))?(?=[:.[])/; // `type: …`, `config.length: …`, `changes[2].importID: …`
const WORD = /(?<!["'`\w.$])[a-z]+[A-Z]\w*(?!["'`\w])/g; // camel case outside of quotes: no word of ours but a name

/** A message of the API with the names that the tool's caller knows: `resourceID: …` reads `resource_id: …`. */
export function inToolWords(kind: ToolKind, message: string): string {
  const names = toolNames(kind);
  const rename = (word: string): string => names.get(word) ?? word;
  return message
    .replace(
      FIELD_AT_START,
      (_, field: string, index: string = '', inner: string = '') => `${rename(field)}${index}${rename(inner)}`,
    )
    .replaceAll(WORD, rename);
}

function toolNames({ variables }: ToolKind): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { argument, input = {}, name } of variables) {
    if (argument !== undefined) names.set(argument, name);
    for (const [key, field] of Object.entries(input)) if (key !== field) names.set(field, key);
  }
  return names;
}
