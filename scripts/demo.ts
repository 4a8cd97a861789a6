// Plays an assistant: a real MCP client over HTTP that finds its way into a server it knows nothing about, makes real
// resources under a policy, is denied one, and cleans up. The exit code says whether all went as expected.
//
//   npm run demo                       starts a server of its own on a free port, with a folder that is removed again
//   npm run demo -- --url <url>        works in the starter project of a running server [--key <file>] [--project <id>]
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { adminKeyFile, readKey, tokenOf } from '../src/cli/bearer-token.ts';
import type { Json, JsonObject } from '../src/shared/json.ts';
import { isJsonObject } from '../src/shared/json.ts';
import { connectModern, type McpSession, type ToolReply } from '../src/testing/mcp-clients.ts';
import { startTestServer } from '../src/testing/server.ts';

interface Demo {
  readonly session: McpSession;
  /** What the user was asked since this was last emptied. */
  readonly questions: string[];
  project: string;
  readonly suffix: string;
}

interface Step {
  readonly title: string;
  /** Lines to show. Throws when something is not as expected. */
  readonly run: (demo: Demo) => Promise<readonly string[]>;
}

const provider = 'sluice/sandbox';

const steps: readonly Step[] = [
  { title: 'Lists the tools', run: listTools },
  { title: 'Discovers what the API says about projects', run: discover },
  { title: 'Queries the projects there are', run: queryProjects },
  { title: 'Finds a provider and reads what a pet takes', run: describeProvider },
  { title: 'Uses the project, which takes its lock', run: useProject },
  { title: 'Proposes a pet and a string, and asks what the policies would say', run: propose },
  { title: 'Creates the pet', run: (demo) => create(demo, 'pet', 'sandbox_pet', { length: 2 }) },
  { title: 'Creates the string', run: (demo) => create(demo, 'string', 'sandbox_string', { length: 12 }) },
  { title: 'Creates a file', run: (demo) => create(demo, 'file', 'sandbox_file', fileOf(demo, 'Hello.')) },
  { title: 'Updates the file in place', run: updateFile },
  { title: 'Updates the pet: it is replaced, so the user is asked', run: updatePet },
  { title: 'Is denied a name that looks like production', run: beDenied },
  { title: 'Deletes all three, each after the user agrees', run: deleteAll },
  { title: 'Reads the history', run: readHistory },
  { title: 'Unlocks the project', run: unlock },
];

async function listTools({ session }: Demo): Promise<string[]> {
  const tools = await session.listTools();
  const names = tools.map(({ name }) => name).toSorted();
  expect(names.join(' ') === 'discover intent mutate provider query', `the five tools, not ${names.join(' ')}`);
  return tools.map(({ name, description }) => `${name}: ${description ?? ''}`);
}

async function discover({ session }: Demo): Promise<string[]> {
  const found = await call(session, 'discover', { kind: 'search', search: 'intent project' });
  const type = await call(session, 'discover', { kind: 'type', name: 'IntentProject' });
  expect(textOf(type).includes('currentlySelected'), 'the fields of IntentProject');
  return [...firstLines(textOf(found), 6), '...', ...firstLines(textOf(type), 8), '...'];
}

async function queryProjects(demo: Demo): Promise<string[]> {
  const document = '{ viewer { name } intentProjects { id name state attachedPolicies { policyName } } }';
  const { structured } = await call(demo.session, 'query', { document });
  const projects = listOf(structured['intentProjects']);
  // Projects of the user's own are none of the demo's business, unless it is told to work in one.
  if (demo.project === '') {
    const starter = projects.find(({ id }) => id === 'starter');
    expect(starter !== undefined, 'the project starter; name another one with --project <id>');
    demo.project = 'starter';
  }
  return [document, ...projects.map((project) => JSON.stringify(project))];
}

async function describeProvider({ session }: Demo): Promise<string[]> {
  const found = await call(session, 'provider', { kind: 'search', search: 'sandbox' });
  const hits = listOf(found.structured['providers']);
  expect(
    hits.some((hit) => hit['provider'] === provider),
    `${provider} among the providers`,
  );
  const described = await call(session, 'provider', { kind: 'resource', provider, type: 'sandbox_pet' });
  const properties = objectOf(described.structured['properties']);
  expect('separator' in properties, 'the arguments of sandbox_pet');
  return [
    ...hits.map((hit) => `${stringOf(hit, 'provider')}: ${stringOf(hit, 'description')}`),
    ...propertyLines(properties),
  ];
}

function propertyLines(properties: JsonObject): string[] {
  return Object.entries(properties).map(([name, raw]) => {
    const property = objectOf(raw);
    return `  ${name} (${stringOf(property, 'usage')}): ${stringOf(property, 'description')}`;
  });
}

async function useProject({ session, project }: Demo): Promise<string[]> {
  const { structured } = await call(session, 'intent', { kind: 'use', project });
  expect(objectOf(structured['lock'])['mine'] === true, 'the lock to be held by this session');
  return [`${project} is locked by ${stringOf(objectOf(structured['lock']), 'holder')}`];
}

const dryRun = `query ($policy: ID!, $type: String!, $config: JSON) {
  intentPolicyDryRun(policy: $policy, type: $type, provider: "${provider}", operation: CREATE, proposedState: $config) { outcome allow deny }
}`;

async function propose({ session, project }: Demo): Promise<string[]> {
  const document = 'query ($id: ID!) { intentProject(id: $id) { attachedPolicies { policyId policyName } } }';
  const { structured } = await call(session, 'query', { document, variables: { id: project } });
  const [policy] = listOf(objectOf(structured['intentProject'])['attachedPolicies']);
  expect(policy !== undefined, 'a policy attached to the project');
  const lines: string[] = [];
  for (const [type, config] of [
    ['sandbox_pet', { length: 2 }],
    ['sandbox_string', { length: 12 }],
  ] as const) {
    const variables = { policy: stringOf(policy, 'policyId'), type, config };
    const answer = objectOf(
      (await call(session, 'query', { document: dryRun, variables })).structured['intentPolicyDryRun'],
    );
    expect(answer['outcome'] === 'ALLOWED', `${type} to be allowed, not ${JSON.stringify(answer)}`);
    lines.push(
      `create ${type} ${JSON.stringify(config)}: ${stringOf(policy, 'policyName')} says ${JSON.stringify(answer)}`,
    );
  }
  return lines;
}

async function create({ session, suffix }: Demo, name: string, type: string, config: JsonObject): Promise<string[]> {
  const given = { kind: 'create', id: `${name}-${suffix}`, provider, type, config };
  const reply = await call(session, 'intent', given);
  expect(reply.structured['outcome'] === 'created', `created, not ${textOf(reply)}`);
  return [
    ...planLines(reply),
    firstLines(textOf(reply), 1)[0] ?? '',
    `state ${JSON.stringify(reply.structured['state'])}`,
  ];
}

function planLines({ structured }: ToolReply): string[] {
  const plan = objectOf(structured['plan']);
  const unknown = listOfText(plan['afterUnknown']).join(', ');
  return [
    `plan: ${stringOf(plan, 'action')} ${JSON.stringify(plan['after'])}${unknown === '' ? '' : `; known later: ${unknown}`}`,
  ];
}

function fileOf({ suffix }: Demo, content: string): JsonObject {
  return { path: `demo-${suffix}.txt`, content };
}

async function updateFile(demo: Demo): Promise<string[]> {
  const config = fileOf(demo, 'Hello, world.');
  const reply = await call(demo.session, 'intent', { kind: 'update', id: `file-${demo.suffix}`, config });
  expect(reply.structured['outcome'] === 'updated', `updated, not ${textOf(reply)}`);
  expect(demo.questions.length === 0, 'no question: nothing is destroyed');
  return [...planLines(reply), firstLines(textOf(reply), 1)[0] ?? ''];
}

async function updatePet({ session, questions, suffix }: Demo): Promise<string[]> {
  questions.length = 0;
  const reply = await call(session, 'intent', { kind: 'update', id: `pet-${suffix}`, config: { length: 3 } });
  expect(questions.length === 1, `one question, not ${questions.length}`);
  expect(reply.structured['outcome'] === 'updated', `updated, not ${textOf(reply)}`);
  return [
    ...asked(questions),
    firstLines(textOf(reply), 1)[0] ?? '',
    `state ${JSON.stringify(reply.structured['state'])}`,
  ];
}

async function beDenied({ session, suffix }: Demo): Promise<string[]> {
  const given = { kind: 'create', id: `prod-pet-${suffix}`, provider, type: 'sandbox_pet', config: {} };
  const reply = await session.call('intent', given);
  expect(reply.isError && reply.code === 'POLICY_DENIED', `a denial, not ${textOf(reply)}`);
  return firstLines(textOf(reply), 2);
}

async function deleteAll({ session, questions, suffix }: Demo): Promise<string[]> {
  const lines: string[] = [];
  for (const name of ['file', 'string', 'pet']) {
    questions.length = 0;
    const reply = await call(session, 'intent', { kind: 'delete', id: `${name}-${suffix}` });
    expect(questions.length === 1, `one question, not ${questions.length}`);
    expect(reply.structured['outcome'] === 'deleted', `deleted, not ${textOf(reply)}`);
    lines.push(...asked(questions), firstLines(textOf(reply), 1)[0] ?? '');
  }
  return lines;
}

function asked(questions: readonly string[]): string[] {
  return questions.map((question) => `asks the user: ${firstLines(question, 1)[0] ?? ''} -> yes`);
}

async function readHistory({ session, suffix }: Demo): Promise<string[]> {
  const { structured } = await call(session, 'intent', { kind: 'history' });
  const nodes = listOf(structured['operations']).map((edge) => objectOf(edge['node']));
  const own = nodes.filter((node) => stringOf(node, 'id').endsWith(suffix)).toReversed();
  const told = own.map((node) => `${stringOf(node, 'kind')} ${stringOf(node, 'status')}`).join(', ');
  const wanted =
    'CREATE FINISHED, CREATE FINISHED, CREATE FINISHED, UPDATE FINISHED, UPDATE FINISHED, CREATE DENIED, ' +
    'DELETE FINISHED, DELETE FINISHED, DELETE FINISHED';
  expect(told === wanted, `a history of ${wanted}, not ${told}`);
  return own.map((node) => {
    const when = new Date(Number(node['createdAt']) * 1000).toISOString();
    return `${when} ${stringOf(node, 'kind')} ${stringOf(node, 'id')} ${stringOf(node, 'status')} by ${stringOf(node, 'user')}`;
  });
}

async function unlock({ session, project }: Demo): Promise<string[]> {
  const { structured } = await call(session, 'intent', { kind: 'unlock', project });
  expect((structured['lock'] ?? null) === null, 'no lock to be left');
  return [`${project} is free`];
}

class Unexpected extends Error {}

function expect(condition: boolean, wanted: string): asserts condition {
  if (!condition) throw new Unexpected(`expected ${wanted}`);
}

/** A call that must succeed. */
async function call(session: McpSession, name: string, given: JsonObject): Promise<ToolReply> {
  const reply = await session.call(name, given);
  expect(!reply.isError, `${name} ${JSON.stringify(given)} to succeed, not: ${textOf(reply)}`);
  return reply;
}

function textOf({ texts }: ToolReply): string {
  return texts.join('\n');
}

function firstLines(text: string, count: number): string[] {
  return text.split('\n').slice(0, count);
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.map((item: Json) => objectOf(item)) : [];
}

function listOfText(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map((item: Json) => JSON.stringify(item)) : [];
}

function stringOf(value: JsonObject, key: string): string {
  const part = value[key];
  return typeof part === 'string' ? part : '';
}

/** Runs the steps in order and stops at the first that is not as expected. */
async function play(demo: Demo): Promise<boolean> {
  const started = performance.now();
  for (const [at, { title, run }] of steps.entries()) {
    console.log(`\n${at + 1}. ${title}`);
    try {
      for (const line of await run(demo)) console.log(`   ${line}`);
    } catch (error) {
      console.log(`   NOT AS EXPECTED: ${error instanceof Unexpected ? error.message : String(error)}`);
      console.log(`\n${at} of ${steps.length} steps went as expected.`);
      return false;
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\nAll ${steps.length} steps went as expected, in ${seconds} s.`);
  return true;
}

interface Target {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

async function startOwn(): Promise<Target> {
  console.log('Starting a server for the demo; name a running one with --url.');
  const server = await startTestServer();
  return { url: server.url, token: await server.adminToken(), stop: () => server.stop() };
}

async function main(): Promise<boolean> {
  const root = resolve(import.meta.dirname, '..');
  const { values } = parseArgs({
    options: { url: { type: 'string' }, key: { type: 'string' }, project: { type: 'string' } },
  });
  const url = values.url ?? process.env['SLUICE_DEMO_URL'];
  const keyFile = values.key ?? adminKeyFile(root);
  const target =
    url === undefined
      ? await startOwn()
      : { url, token: await tokenOf({ url, login: readKey(keyFile) }), stop: async () => {} };
  const questions: string[] = [];
  const confirm = (question: string) => (questions.push(question), 'accept' as const);
  try {
    const session = await connectModern({
      url: `${target.url}/mcp`,
      headers: { authorization: `Bearer ${target.token}` },
      confirm,
    });
    const suffix = Date.now().toString(36);
    const fine = await play({ session, questions, project: values.project ?? '', suffix });
    await session.close();
    return fine;
  } finally {
    await target.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;
