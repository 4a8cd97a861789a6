// The subset of HCL that `.terraform.lock.hcl` uses: provider blocks of string attributes and lists of strings.

/** What one `provider` block pins. */
export interface ProviderLock {
  readonly version: string;
  readonly constraints: string;
  /** `h1:` and `zh:` checksums; a package fits when any of its own is among them. */
  readonly hashes: readonly string[];
}

/** By full address, `registry.opentofu.org/hashicorp/time`. */
export type ProviderLocks = ReadonlyMap<string, ProviderLock>;

const TOKEN = /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_][\w-]*|[={}[\],])|("(?:[^"\\\n$%]|\\["\\nrt])*")/y;

interface Cursor {
  readonly tokens: readonly string[];
  at: number;
}

/** @throws Error with the token that does not fit; the caller names the file */
export function parseLocks(text: string): ProviderLocks {
  const cursor: Cursor = { tokens: tokenize(text), at: 0 };
  const locks = new Map<string, ProviderLock>();
  while (cursor.at < cursor.tokens.length) {
    expect(cursor, 'provider');
    const address = readString(cursor);
    if (locks.has(address)) throw new Error(`provider ${address} is listed twice`);
    locks.set(address, readBody(cursor));
  }
  return locks;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`unexpected ${JSON.stringify(text.slice(at, at + 20))}`);
    const token = match[1] ?? match[2];
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
}

function readBody(cursor: Cursor): ProviderLock {
  const attributes = new Map<string, string | string[]>();
  expect(cursor, '{');
  while (cursor.tokens[cursor.at] !== '}') {
    const name = next(cursor);
    expect(cursor, '=');
    attributes.set(name, cursor.tokens[cursor.at] === '[' ? readList(cursor) : readString(cursor));
  }
  expect(cursor, '}');
  const text = (name: string): string => {
    const value = attributes.get(name) ?? '';
    if (typeof value !== 'string') throw new Error(`${name} must be a string`);
    return value;
  };
  const hashes = attributes.get('hashes') ?? [];
  if (typeof hashes === 'string') throw new Error('hashes must be a list');
  return { version: text('version'), constraints: text('constraints'), hashes };
}

function readList(cursor: Cursor): string[] {
  const values: string[] = [];
  expect(cursor, '[');
  while (cursor.tokens[cursor.at] !== ']') {
    values.push(readString(cursor));
    if (cursor.tokens[cursor.at] !== ']') expect(cursor, ',');
  }
  expect(cursor, ']');
  return values;
}

function readString(cursor: Cursor): string {
  const token = next(cursor);
  if (!token.startsWith('"')) throw new Error(`expected a string, saw ${token}`);
  const value: unknown = JSON.parse(token);
  if (typeof value !== 'string') throw new Error(`expected a string, saw ${token}`);
  return value;
}

function expect(cursor: Cursor, wanted: string): void {
  const token = next(cursor);
  if (token !== wanted) throw new Error(`expected ${wanted}, saw ${token}`);
}

function next(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  if (token === undefined) throw new Error('the file ends too early');
  cursor.at += 1;
  return token;
}

const HEADER = `# Versions and checksums of the providers that were installed. Kept by Sluice; Terraform and OpenTofu read it too.
# Commit it. To accept a new package for a pinned version, remove that provider's block.
`;

/** The same locks in the layout that `terraform init` writes, sorted, so that a change is a small diff. */
export function formatLocks(locks: ProviderLocks): string {
  const blocks = [...locks]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, lock]) => formatLock(address, lock));
  return `${HEADER}\n${blocks.join('\n')}`;
}

function formatLock(address: string, lock: ProviderLock): string {
  const constraints = lock.constraints === '' ? '' : `  constraints = ${JSON.stringify(lock.constraints)}\n`;
  const hashes = [...new Set(lock.hashes)].toSorted().map((hash) => `    ${JSON.stringify(hash)},\n`);
  return `provider ${JSON.stringify(address)} {\n  version     = ${JSON.stringify(lock.version)}\n${constraints}  hashes = [\n${hashes.join('')}  ]\n}\n`;
}
