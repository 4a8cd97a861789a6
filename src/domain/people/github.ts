import type { OutboundAnswer, Outbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import type { Logger } from '../../shared/logger.ts';
import { createFailureLimit } from '../failure-limit.ts';
import type { SsoAdmission, SsoIdentity } from './sso-sign-in.ts';

/** Knows people of one organisation at GitHub by the tokens that they carry. */
export interface Github {
  readonly admission: SsoAdmission;
  /**
   * Asks GitHub whose token this is. Their teams are named `organisation/team`, so that they are never taken for
   * groups of another provider.
   *
   * @param address where the request came from: too many failures make it wait
   * @throws UNAUTHENTICATED, RATE_LIMITED, UNAVAILABLE
   */
  identify(token: string, address: string): Promise<SsoIdentity>;
}

export interface GithubOptions {
  /** Without a trailing slash. */
  readonly apiUrl: string;
  readonly organization: string;
  /** Slugs of teams of which one is needed; an empty list asks for none. */
  readonly teams: readonly string[];
  readonly outbound: Pick<Outbound, 'get'>;
  readonly log: Logger;
}

const REQUEST = { timeoutMs: 10_000, maxBytes: 1_000_000, maxRedirects: 0 } as const;
const PAGE_SIZE = 100;
const MAX_PAGES = 5; // teams of one person: 500 is far beyond any
const TOKEN = /^[\w.-]{1,255}$/;
const FAILURES_OF_ADDRESS = 20;

export function createGithub(options: GithubOptions): Github {
  const organization = options.organization.toLowerCase();
  const failures = createFailureLimit();
  return {
    admission: {
      allowedGroups: options.teams.map((team) => `${organization}/${team.toLowerCase()}`),
      allowedDomains: [],
    },
    async identify(token, address) {
      const takeBack = failures.begin([{ id: `github ${address}`, limit: FAILURES_OF_ADDRESS }]);
      try {
        const identity = await identify({ ...options, organization }, token);
        takeBack();
        return identity;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') takeBack();
        throw error;
      }
    },
  };
}

async function identify(options: GithubOptions, token: string): Promise<SsoIdentity> {
  if (!TOKEN.test(token)) throw unknownToken();
  const user = parseUser(await ask(options, token, '/user'));
  const { organization, apiUrl } = options;
  const membership = await ask(options, token, `/user/memberships/orgs/${encodeURIComponent(organization)}`);
  if (membership === undefined || textOf(membership, 'state') !== 'active') throw noMember(organization);
  return {
    issuer: apiUrl,
    subject: user.id,
    email: undefined, // GitHub's is what its owner says it is
    preferredName: user.login,
    groups: await teamsOf(options, token),
  };
}

/** @returns undefined where GitHub shows nothing to this token */
async function ask(options: GithubOptions, token: string, path: string): Promise<Json | undefined> {
  const answer = await get(options, token, path);
  if (answer.status === 401) throw unknownToken();
  if (answer.status === 403 || answer.status === 404) return undefined;
  if (answer.status !== 200) throw unreachable(`it answers with status ${answer.status}`);
  return parseJson(answer);
}

async function get({ outbound, apiUrl, log }: GithubOptions, token: string, path: string): Promise<OutboundAnswer> {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'sluice',
    'x-github-api-version': '2022-11-28',
  };
  try {
    return await outbound.get(apiUrl + path, { ...REQUEST, headers });
  } catch (error) {
    // What is wrong with the address or the network is for the operator.
    log.warn({ err: error }, 'GitHub could not be asked about a token');
    throw unreachable('the log says why');
  }
}

async function teamsOf(options: GithubOptions, token: string): Promise<string[]> {
  const teams: string[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listed = await ask(options, token, `/user/teams?per_page=${PAGE_SIZE}&page=${page}`);
    const rows = isList(listed) ? listed.filter(isJsonObject) : [];
    for (const row of rows) {
      const owner = isJsonObject(row['organization']) ? textOf(row['organization'], 'login') : undefined;
      const slug = textOf(row, 'slug');
      if (slug !== undefined && owner?.toLowerCase() === options.organization)
        teams.push(`${options.organization}/${slug.toLowerCase()}`);
    }
    if (rows.length < PAGE_SIZE) break;
  }
  return teams;
}

function parseUser(value: Json | undefined): { readonly id: string; readonly login: string } {
  const id = isJsonObject(value) ? value['id'] : undefined;
  const login = isJsonObject(value) ? textOf(value, 'login') : undefined;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0 || login === undefined)
    throw unreachable('its answer about the token cannot be read');
  return { id: String(id), login };
}

function parseJson({ body }: OutboundAnswer): Json {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as Json; // JSON.parse gives JSON values and nothing else
  } catch {
    throw unreachable('its answer is no JSON');
  }
}

function textOf(value: Json, key: string): string | undefined {
  const text: Json | undefined =
    isJsonObject(value) && Object.hasOwn(value, key) ? (value satisfies JsonObject)[key] : undefined;
  return typeof text === 'string' ? text : undefined;
}

// `Array.isArray` does not narrow a readonly array.
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function unknownToken(): AppError {
  return new AppError('UNAUTHENTICATED', 'unauthorized: GitHub does not know this token, or it has ended');
}

function noMember(organization: string): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    `unauthorized: GitHub shows no active membership of ${organization} for this token; it needs the scope read:org`,
  );
}

function unreachable(problem: string): AppError {
  return new AppError('UNAVAILABLE', `GitHub cannot be asked about the token: ${problem}; try again later`);
}
