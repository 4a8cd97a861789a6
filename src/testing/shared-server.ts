import { startTestServer, type TestServer } from './server.ts';

let running: Promise<TestServer> | undefined;

/** One server for all tests that do not need one of their own; each test makes its own projects, spaces and keys. */
export function sharedServer(): Promise<TestServer> {
  return (running ??= startTestServer());
}

/** Called once, after the last test. */
export async function stopSharedServer(): Promise<void> {
  await (await running)?.stop();
  running = undefined;
}

export interface TestKey {
  readonly id: string;
  readonly token: string;
}

/** Makes an API key that holds roles in spaces: `aKey({ 'space-reader': 'root' })`. */
export async function aKey(server: TestServer, roles: Readonly<Record<string, string>>): Promise<TestKey> {
  const made = await server.graphql(
    'mutation { apiKeyCreate(input: { name: "test key", admin: false, teams: [] }) { id secret } }',
  );
  const { id, secret } = read<{ apiKeyCreate: { id: string; secret: string } }>(made).apiKeyCreate;
  for (const [roleID, spaceID] of Object.entries(roles)) {
    await server.graphql(
      'mutation($input: ApiKeyRoleBindingInput!) { apiKeyRoleBindingCreate(input: $input) { id } }',
      {
        input: { apiKeyID: id, roleID, spaceID },
      },
    );
  }
  const exchanged = await server.graphql(
    'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }',
    { id, secret },
    '',
  );
  return { id, token: read<{ apiKeyUser: { jwt: string } }>(exchanged).apiKeyUser.jwt };
}

/** The data of an answer without errors. */
export function read<T>(answer: { readonly data: unknown; readonly errors: readonly { message: string }[] }): T {
  if (answer.errors.length > 0) throw new Error(answer.errors.map(({ message }) => message).join('\n'));
  return answer.data as T;
}

/** The code and message of the only error. */
export function refusal(answer: { readonly errors: readonly { message: string; extensions?: { code?: string } }[] }): {
  code: string | undefined;
  message: string;
} {
  const [error, ...more] = answer.errors;
  if (error === undefined || more.length > 0) throw new Error(`expected one error, got ${JSON.stringify(answer)}`);
  return { code: error.extensions?.code, message: error.message };
}
