import { once } from 'node:events';
import { createServer } from 'node:http';

/** Somebody at the stand-in for GitHub. */
export interface GithubPerson {
  readonly id: number;
  readonly login: string;
  /** State of their membership, by organisation. */
  readonly organizations: Readonly<Record<string, 'active' | 'pending'>>;
  /** `organisation/team`. */
  readonly teams: readonly string[];
}

/** The part of GitHub's API that tells who somebody is, on loopback. */
export interface TestGithub {
  readonly url: string;
  /** `host:port` for the list of hosts that may be reached. */
  readonly host: string;
  /** Whose each token is; to be filled by the test. */
  readonly people: Map<string, GithubPerson>;
  /** What was asked for: path and token. */
  readonly asked: string[];
  /** Answers every request with that status, and a place to go on to, from then on. */
  break(status: number): void;
  stop(): void;
}

export async function startGithub(): Promise<TestGithub> {
  const [people, asked] = [new Map<string, GithubPerson>(), [] as string[]];
  let broken: number | undefined;
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const path = request.url ?? '';
    asked.push(`${path} ${token}`);
    const [status, body] = broken === undefined ? answer(people.get(token), path) : [broken, {}];
    response.writeHead(status, { 'content-type': 'application/json', location: '/user' });
    response.end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const host = `localhost:${address.port}`;
  return {
    url: `http://${host}`,
    host,
    people,
    asked,
    break: (status) => (broken = status),
    stop: () => void server.close(),
  };
}

function answer(person: GithubPerson | undefined, path: string): readonly [number, unknown] {
  if (person === undefined) return [401, { message: 'Bad credentials' }];
  const { id, login, organizations, teams } = person;
  if (path === '/user') return [200, { id, login, name: null }];
  const organization = /^\/user\/memberships\/orgs\/([\w-]+)$/.exec(path)?.[1] ?? '';
  const state = organizations[organization];
  if (state !== undefined) return [200, { state, organization: { login: organization } }];
  const page = Number(/^\/user\/teams\?per_page=100&page=(\d)$/.exec(path)?.[1] ?? '0');
  if (page > 0) return [200, teams.slice((page - 1) * 100, page * 100).map(describeTeam)];
  return [404, { message: 'Not Found' }];
}

function describeTeam(name: string): object {
  const [owner = '', slug = ''] = name.split('/');
  return { slug, name: slug, organization: { login: owner } };
}
