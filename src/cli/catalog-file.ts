import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isMap, isSeq, parseDocument, type Document } from 'yaml';

import { badInput } from '../shared/errors.ts';
import { isJsonObject } from '../shared/json.ts';

/** What the catalog says of one provider. */
export interface CatalogProvider {
  readonly source: string;
  readonly version: string;
  readonly resources: readonly string[];
  readonly dataSources: readonly string[];
}

const path = 'schema/providers/catalog.yaml';
const emptyCatalog = `# Providers whose types the API has by name. \`npx sluice providers add\` appends here; then run \`npm run codegen\`.
providers: []
`;

/** The catalog as it is written; comments and order of the file stay when a provider is added. */
export class CatalogFile {
  private readonly root: string;
  private readonly document: Document;

  private constructor(root: string, document: Document) {
    this.root = root;
    this.document = document;
  }

  static async open(root: string): Promise<CatalogFile> {
    const file = join(root, path);
    const document = parseDocument(existsSync(file) ? await readFile(file, 'utf8') : emptyCatalog);
    const [error] = document.errors;
    if (error !== undefined) throw badInput(path, error.message);
    if (!isMap(document.contents) || !isSeq(document.get('providers')))
      throw badInput(path, '`providers` must be a list');
    return new CatalogFile(root, document);
  }

  providers(): CatalogProvider[] {
    const raw: unknown = this.document.toJS();
    const list: unknown = isJsonObject(raw) ? raw['providers'] : [];
    return (Array.isArray(list) ? list : []).map(parseProvider);
  }

  async add(provider: CatalogProvider): Promise<void> {
    this.document.addIn(['providers'], this.document.createNode(provider));
    const list: unknown = this.document.get('providers');
    if (isSeq(list)) list.flow = false;
    await writeFile(join(this.root, path), this.document.toString({ lineWidth: 0 }));
  }
}

function parseProvider(raw: unknown): CatalogProvider {
  if (!isJsonObject(raw) || typeof raw['source'] !== 'string') throw badInput(path, 'each provider needs a source');
  const version = raw['version'];
  return {
    source: raw['source'],
    version: typeof version === 'string' ? version : '>= 0.0.0',
    resources: globsOf(raw['resources']),
    dataSources: globsOf(raw['dataSources']),
  };
}

function globsOf(raw: unknown): string[] {
  return Array.isArray(raw) ? raw.filter((glob): glob is string => typeof glob === 'string') : [];
}
