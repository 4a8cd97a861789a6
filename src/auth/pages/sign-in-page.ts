import { nameField } from './fields.ts';
import { markup } from './markup.ts';
import { hiddenField, layout, problem } from './layout.ts';

export interface SignInPage {
  readonly csrf: string;
  /** Path on this server to go on to. */
  readonly next: string;
  readonly username: string;
  readonly problem: string | undefined;
}

export function signInPage(page: SignInPage): string {
  return layout(
    'Sign in',
    markup`${problem(page.problem)}
      <form method="post" action="/sign-in">
        ${hiddenField('csrf', page.csrf)}${hiddenField('next', page.next)}
        ${nameField(page.username, { fixed: false })}
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button class="wide" type="submit">Sign in</button>
      </form>
      <p>Nobody has signed in here yet? The link for the first administrator is printed where the server was started.</p>`,
  );
}
