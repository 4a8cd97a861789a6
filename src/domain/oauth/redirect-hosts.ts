import { badInput } from '../../shared/errors.ts';
import { findSetting, saveSetting } from '../../storage/settings.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';

const SETTING = 'oauth-redirect-hosts';
const MAX_HOSTS = 100;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)+${LABEL}$`);
/** `cursor://some.host`: an application that the operating system opens by its own scheme. */
const APPLICATION = new RegExp(`^[a-z][a-z0-9+.-]*://(?:${LABEL}\\.)*${LABEL}$`);
const WEB_SCHEME = /^(?:https?|file|ftp|data|javascript|about|blob|vbscript|view-source|wss?):/;

/** Hosts that a client on another machine may have people sent back to. Loopback is allowed without being listed. */
export async function allowedRedirectHosts({ storage }: Pick<DomainContext, 'storage'>): Promise<string[]> {
  const stored = await storage.read((db) => findSetting(db, SETTING));
  return stored === undefined ? [] : parseHosts(stored);
}

// Written by this file, sealed since.
const parseHosts = (text: string): string[] => JSON.parse(text) as string[];

/** Puts another list in place; clients with redirects that it does not name are refused from now on. */
export async function setAllowedRedirectHosts(
  context: DomainContext,
  request: Request,
  hosts: readonly string[],
): Promise<string[]> {
  const list = [...new Set(hosts.map((host, at) => parseHost(host, at)))].toSorted();
  if (list.length > MAX_HOSTS) throw badInput('hosts', `must be at most ${MAX_HOSTS}`);
  await context.storage.transaction(async (db) => {
    await saveSetting(db, SETTING, JSON.stringify(list));
    await recordAudit(db, context, request, {
      action: 'oauth-redirect-hosts.set',
      affected: { type: 'ACCOUNT', id: context.account },
      data: { hosts: list },
    });
  });
  await rightsChanged(context);
  return list;
}

function parseHost(host: string, at: number): string {
  const text = host.trim().toLowerCase();
  if (HOST.test(text) || (APPLICATION.test(text) && !WEB_SCHEME.test(text))) return text;
  const form = 'a host such as assistant.example.com, *.example.com, or scheme://host of a desktop application';
  throw badInput(`hosts[${at}]`, `must be ${form}, not ${JSON.stringify(host.slice(0, 100))}`);
}

/** Whether people may be sent to that address after they decided. */
export function mayRedirectTo(uri: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, host, username, password } = new URL(uri);
  if (username !== '' || password !== '') return false;
  if (protocol === 'http:') return LOOPBACK.has(hostname);
  if (protocol === 'https:') return hosts.some((allowed) => hostMatches(hostname, allowed));
  return hosts.includes(`${protocol}//${host}`.toLowerCase());
}

function hostMatches(hostname: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? hostname.endsWith(allowed.slice(1)) : hostname === allowed;
}
