import { nameField } from './fields.ts';
import { markup, type Part } from './markup.ts';
import { hiddenField, layout, problem } from './layout.ts';

export interface SignInPage {
  readonly csrf: string;
  /** Path on this server to go on to. */
  readonly next: string;
  /** What the company's sign-in service is called; undefined when there is none. */
  readonly ssoName: string | undefined;
  readonly username: string;
  readonly problem: string | undefined;
}

export function signInPage(page: SignInPage): string {
  return layout(
    'Sign in',
    markup`${problem(page.problem)} ${ssoLink(page)}
      <form method="post" action="/sign-in">
        ${hiddenField('csrf', page.csrf)}${hiddenField('next', page.next)}
        ${nameField(page.username, { fixed: false })}
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button class="wide" type="submit">Sign in</button>
      </form>
      <p class="after">Nobody has signed in here yet? The link for the first administrator is printed where the server was started.</p>`,
  );
}

function ssoLink({ ssoName, next }: SignInPage): Part {
  if (ssoName === undefined) return undefined;
  const href = `/sign-in/sso?next=${encodeURIComponent(next)}`;
  return markup`<p class="after"><a class="button wide" href="${href}">Sign in with ${ssoName}</a></p>
    <p class="or">or with a name and a password of this server</p>`;
}
