// Who may import whom. The lint rules below `scripts/lint.config.ts` are made from these tables and nothing else.

/** For each folder of `src`: the folders it may import, always through their doors. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  shared: ['generated'],
  outbound: ['shared'],
  storage: ['shared', 'generated'],
  policy: ['shared'],
  providers: ['shared', 'outbound'],
  executor: ['providers', 'shared'],
  sandbox: ['providers', 'shared'],
  domain: ['storage', 'policy', 'providers', 'executor', 'outbound', 'shared', 'generated'],
  intent: ['domain', 'executor', 'providers', 'policy', 'storage', 'shared', 'generated'],
  resolvers: ['domain', 'intent', 'shared', 'generated'],
  gateway: ['resolvers', 'domain', 'shared', 'generated'],
  auth: ['domain', 'outbound', 'shared'],
  mcp: ['gateway', 'shared', 'generated'],
  http: ['auth', 'mcp', 'gateway', 'shared'],
  cli: ['providers', 'executor', 'outbound', 'shared', 'generated'],
  codegen: ['shared', 'providers'],
};

/** Packages (and Node modules) that only the named folders may use. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  pino: ['shared'],
  ulid: ['shared'],
  'fastest-levenshtein': ['shared'],
  undici: ['outbound'],
  '@mikro-orm/*': ['storage'],
  '@electric-sql/*': ['storage'],
  'pg-boss': ['storage'],
  '@open-policy-agent/opa-wasm': ['policy'],
  'node:worker_threads': ['policy'],
  '@grpc/*': ['providers', 'sandbox'],
  '@msgpack/msgpack': ['providers'],
  openpgp: ['providers'],
  'node:child_process': ['executor', 'sandbox', 'policy', 'cli'],
  jose: ['domain'],
  argon2: ['domain'],
  aws4fetch: ['domain'],
  'oidc-provider': ['auth'],
  'openid-client': ['auth'],
  graphql: ['gateway', 'codegen'],
  '@graphql-tools/*': ['gateway', 'codegen'],
  'graphql-jit': ['gateway'],
  '@modelcontextprotocol/*': ['mcp'],
  ajv: ['mcp', 'codegen'],
  koa: ['http', 'auth'],
  '@koa/*': ['http', 'auth'],
  commander: ['cli'],
  '@graphql-codegen/*': ['codegen'],
};

/** `shared` is a closed list: a new file here is a decision, not a habit. */
export const sharedFiles: readonly string[] = [
  'caller.ts',
  'clock.ts',
  'deceiving-text.ts', // what could make text look like another is one list, whoever shows the text
  'errors.ts',
  'ids.ts',
  'json.ts',
  'logger.ts',
  'problems.ts',
  'suggest-name.ts',
  'token-buckets.ts', // the same way to count at HTTP, at the gateway and in the domain
];
