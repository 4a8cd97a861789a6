import { nothingFurther, type AccessTable, type Requirement } from '../access/requirement.ts';
import type { Catalog } from './build-catalog.ts';

/**
 * Adds the rows of the catalogued types. A typed mutation asks for what the generic one asks for, and for the right to
 * read what it answers with: its answer shows the state outside the operation, which guards its own.
 */
export function withCatalogAccess(table: AccessTable, catalog: Catalog): AccessTable {
  if (catalog.types.length === 0) return table;
  const fields = new Map(table.fields);
  for (const { name } of catalog.types) {
    for (const verb of ['Create', 'Update']) {
      const generic = table.fields.get(`Mutation.intentResource${verb}`);
      // Without the generic mutations there is nothing to ask for, and nothing that could serve.
      if (generic === undefined)
        throw new Error(`the schema has no mutation intentResource${verb}, which typed ones stand on`);
      fields.set(`Mutation.intent${name}${verb}`, withReading(generic));
    }
  }
  for (const [name, text] of catalog.sdl.types) if (isObject(name, text)) fields.set(`${name}.*`, nothingFurther);
  return { ...table, fields: new Map([...fields].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function withReading(row: Requirement): Requirement {
  const [first] = row.actions;
  return first === undefined ? row : { ...row, actions: [...row.actions, { ...first, action: 'SPACE_READ' }] };
}

function isObject(name: string, text: string): boolean {
  return text.includes(`\ntype ${name} {\n`);
}
