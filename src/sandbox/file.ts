import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';

import { CtyNumber, type Value, type ValueMap } from '../providers/index.ts';
import type { Problem } from '../shared/problems.ts';
import {
  FileProblem,
  isPlainPath,
  MAX_FILE_BYTES,
  readStored,
  removeStored,
  writeStored,
  type StoredFile,
} from './file-store.ts';
import {
  problemAt,
  type Attribute,
  type DataSource,
  type Outcome,
  type ResourceType,
  type SandboxContext,
} from './resource-type.ts';
import { textOf, withValues } from './value-access.ts';

const computed: readonly Attribute[] = [
  { name: 'id', type: 'string', from: 'computed', stable: true, description: 'The path.' },
  { name: 'sha256', type: 'string', from: 'computed', description: 'Checksum of the content, lower-case hex.' },
  { name: 'size', type: 'number', from: 'computed', description: 'Bytes of the content.' },
];

/** A text file below the root: the one sandbox type that exists outside the state, so it can drift and vanish. */
export const file: ResourceType = {
  name: 'sandbox_file',
  version: 0,
  description:
    'A text file below the root folder of the provider. Content and mode change in place, another path is another file.',
  attributes: [
    {
      name: 'path',
      type: 'string',
      from: 'given',
      required: true,
      replaces: true,
      description: 'Relative to the root, without "." or "..".',
    },
    {
      name: 'content',
      type: 'string',
      from: 'given',
      description: `Text, at most ${MAX_FILE_BYTES} bytes. Give this or sensitive_content.`,
    },
    {
      name: 'sensitive_content',
      type: 'string',
      from: 'given',
      sensitive: true,
      description: 'The same, marked sensitive.',
    },
    {
      name: 'mode',
      type: 'string',
      from: 'defaulted',
      fallback: '0644',
      description: 'Permissions as four octal digits. Default "0644".',
    },
    ...computed,
  ],
  validate: (config) => [...checkPath(config), ...checkContent(config), ...checkMode(config)],
  create: (planned, context) => guarded(null, context, (root) => createFile(root, planned)),
  update: (planned, prior, context) => guarded(prior, context, (root) => writeFile(root, planned)),
  read: (state, context) => guarded(state, context, (root) => readFile(root, state)),
  delete: async (state, context) =>
    (await guarded(state, context, async (root) => removeStored(root, pathOf(state)).then(() => null))).problems,
  import: (id, context) => guarded(null, context, (root) => importFile(root, id)),
};

/** The same file for those who only look. */
export const fileData: DataSource = {
  name: 'sandbox_file',
  version: 0,
  description: 'Reads a text file below the root folder of the provider.',
  attributes: [
    {
      name: 'path',
      type: 'string',
      from: 'given',
      required: true,
      description: 'Relative to the root, without "." or "..".',
    },
    { name: 'content', type: 'string', from: 'computed', description: 'The text.' },
    { name: 'mode', type: 'string', from: 'computed', description: 'Permissions as four octal digits.' },
    ...computed,
  ],
  validate: checkPath,
  read: (config, context) => guarded(null, context, (root) => readData(root, config)),
};

function checkPath(config: ValueMap): Problem[] {
  const path = textOf(config, 'path');
  if (path === undefined || isPlainPath(path)) return [];
  return [
    problemAt('path', 'Invalid path', 'path must be relative to the root folder, without ".", ".." or an empty part.'),
  ];
}

function checkContent(config: ValueMap): Problem[] {
  const given = ['content', 'sensitive_content'].filter((name) => (config.get(name) ?? null) !== null);
  const problems = given.flatMap((name) => {
    const bytes = Buffer.byteLength(textOf(config, name) ?? '');
    return bytes > MAX_FILE_BYTES
      ? [problemAt(name, 'Content too large', `${bytes} bytes; at most ${MAX_FILE_BYTES} fit.`)]
      : [];
  });
  if (given.length === 1) return problems;
  return [
    ...problems,
    problemAt('content', 'Content missing or given twice', 'Give exactly one of content and sensitive_content.'),
  ];
}

function checkMode(config: ValueMap): Problem[] {
  const mode = textOf(config, 'mode');
  if (mode === undefined || /^0[0-7]{3}$/.test(mode)) return [];
  return [problemAt('mode', 'Invalid mode', 'mode must be four octal digits that begin with 0, such as "0644".')];
}

/** Runs work that needs the root. A problem leaves the object as it was before: `untouched`. */
async function guarded(
  untouched: ValueMap | null,
  { root, makesRoot }: SandboxContext,
  work: (root: string) => Promise<ValueMap | null>,
): Promise<Outcome> {
  try {
    if (makesRoot) await mkdir(root, { recursive: true });
    return { state: await work(root), problems: [] };
  } catch (cause) {
    return { state: untouched, problems: [problemAt('path', 'The file cannot be used', detailOf(cause))] };
  }
}

function detailOf(cause: unknown): string {
  if (cause instanceof FileProblem) return `${cause.message}.`;
  if (cause instanceof Error && 'code' in cause) return `The system refused it: ${String(cause.code)}.`;
  throw cause;
}

async function createFile(root: string, planned: ValueMap): Promise<ValueMap> {
  const path = pathOf(planned);
  if ((await readStored(root, path)) !== undefined) {
    throw new FileProblem(`${path} exists already; import it or choose another path`);
  }
  return writeFile(root, planned);
}

async function writeFile(root: string, planned: ValueMap): Promise<ValueMap> {
  const content = textOf(planned, 'content') ?? textOf(planned, 'sensitive_content') ?? '';
  await writeStored(root, pathOf(planned), content, textOf(planned, 'mode') ?? '0644');
  return withValues(planned, { id: pathOf(planned), ...measure(Buffer.from(content)) });
}

/** What the file holds now goes where its content was kept before; that is how drift shows. */
async function readFile(root: string, state: ValueMap): Promise<ValueMap | null> {
  const stored = await readStored(root, pathOf(state));
  if (stored === undefined) return null;
  const name = (state.get('sensitive_content') ?? null) === null ? 'content' : 'sensitive_content';
  return withValues(state, { [name]: stored.bytes.toString('utf8'), ...describe(stored) });
}

async function importFile(root: string, path: string): Promise<ValueMap> {
  const stored = await readStored(root, path);
  if (stored === undefined) throw new FileProblem(`there is no file ${path} below the root folder`);
  const content = stored.bytes.toString('utf8');
  return new Map(Object.entries({ id: path, path, content, sensitive_content: null, ...describe(stored) }));
}

async function readData(root: string, config: ValueMap): Promise<ValueMap> {
  const path = pathOf(config);
  const stored = await readStored(root, path);
  if (stored === undefined) throw new FileProblem(`there is no file ${path} below the root folder`);
  return withValues(config, { id: path, content: stored.bytes.toString('utf8'), ...describe(stored) });
}

function describe(stored: StoredFile): Record<string, Value> {
  return { mode: stored.mode, ...measure(stored.bytes) };
}

function measure(bytes: Buffer): Record<string, Value> {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), size: CtyNumber.from(bytes.length) };
}

function pathOf(object: ValueMap): string {
  return textOf(object, 'path') ?? '';
}
