import { hiddenField, layout } from './layout.ts';
import { type Html, markup, type Part } from './markup.ts';

/** Of a session, what a person recognizes it by. */
export interface ShownSession {
  readonly id: string;
  readonly kind: string;
  readonly client: string | null;
  readonly remoteAddress: string | null;
  readonly scopes: readonly string[];
  /** Unix seconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly current: boolean;
}

export interface AccountPage {
  readonly csrf: string;
  readonly username: string;
  readonly hasPassword: boolean;
  readonly sessions: readonly ShownSession[];
  readonly now: Date;
}

const kinds: Readonly<Record<string, string>> = {
  BROWSER: 'Browser',
  COMMAND_LINE: 'Command line',
  OAUTH: 'Assistant',
};

export function accountPage(page: AccountPage): string {
  const others = page.sessions.filter(({ current }) => !current).length;
  return layout(
    'You are signed in',
    markup`<p>Go back to your assistant and connect; it will ask for your consent here.</p>
      <h2 id="sessions">Your sessions</h2>
      <form method="post" action="/account/sessions">
        ${hiddenField('csrf', page.csrf)}
        <ul class="sessions" aria-labelledby="sessions">
          ${page.sessions.map((session) => sessionItem(session, page.now))}
        </ul>
        ${endOthers(others)}
      </form>
      ${passwordLink(page.hasPassword)}
      <footer>
        <span>Signed in as <strong>${page.username}</strong></span>
        <form method="post" action="/sign-out">
          ${hiddenField('csrf', page.csrf)}<button class="second" type="submit">Sign out</button>
        </form>
      </footer>`,
  );
}

function endOthers(others: number): Part {
  if (others === 0) return undefined;
  return markup`<button class="second wide" type="submit" name="end" value="others">End all others</button>`;
}

function passwordLink(hasPassword: boolean): Part {
  return hasPassword ? markup`<p class="after"><a href="/account/password">Change your password</a></p>` : undefined;
}

function sessionItem(session: ShownSession, now: Date): Html {
  const kind = kinds[session.kind] ?? session.kind;
  const name = session.kind === 'OAUTH' ? (session.client ?? kind) : kind;
  const place = session.remoteAddress === null ? '' : ` from ${session.remoteAddress}`;
  const used = session.lastUsedAt === null ? 'not used yet' : `used ${ago(session.lastUsedAt, now)}`;
  const reads = session.kind === 'OAUTH' && !session.scopes.includes('mcp:write') ? ', reads only' : '';
  const end = session.current
    ? markup`<span class="quiet">this one</span>`
    : markup`<button class="second" type="submit" name="end" value="${session.id}" aria-label="${`End ${name}${place}`}">End</button>`;
  return markup`<li>
    <span><strong>${name}</strong><br /><span class="quiet">${`since ${ago(session.createdAt, now)}${place}, ${used}${reads}`}</span></span>
    ${end}
  </li>`;
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

/** `3 hours ago`: pages know no time zone of the person. */
function ago(unixSeconds: number, now: Date): string {
  const seconds = Math.max(0, Math.floor(now.getTime() / 1000) - unixSeconds);
  const unit = UNITS.find(([length]) => seconds >= length);
  if (unit === undefined) return 'just now';
  const count = Math.floor(seconds / unit[0]);
  return `${count} ${unit[1]}${count === 1 ? '' : 's'} ago`;
}
