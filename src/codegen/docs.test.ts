import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { buildSchema, type GraphQLSchema, parse, validate } from 'graphql';

const root = resolve(import.meta.dirname, '../..');
const inFolder = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = ['README.md', 'REVIEW.md', 'CHANGELOG.md', ...inFolder('docs'), ...inFolder('docs/adr')];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

describe('the pages for people', () => {
  let schema: GraphQLSchema;
  before(() => {
    schema = buildSchema(textOf('generated/schema.graphql'));
  });

  it('show documents that the API takes as they stand, one at a time', () => {
    let shown = 0;
    for (const page of pages) {
      for (const [, document = ''] of textOf(page).matchAll(/```graphql\n([^]*?)```/g)) {
        shown += 1;
        const errors = validate(schema, parse(document)).map(({ message }) => message);
        assert.deepEqual(errors, [], `${page}: ${document}`);
      }
    }
    assert.ok(shown > 10, `${shown} documents`);
  });

  it('lead to files and headings that are there', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });
});

/** Links within the repository. */
function linksOf(page: string): string[] {
  const text = textOf(page).replaceAll(/```[^]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** As the usual viewers name them: lower case, no punctuation, hyphens for spaces. */
function headingsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
