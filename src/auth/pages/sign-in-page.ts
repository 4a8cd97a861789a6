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
        <label for="username">Name</label>
        <input
          id="username"
          name="username"
          type="text"
          value="${page.username}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          autofocus
        />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button class="wide" type="submit">Sign in</button>
      </form>
      <p>Nobody has signed in here yet? The link for the first administrator is printed where the server was started.</p>`,
  );
}

export interface InvitationPage {
  readonly csrf: string;
  readonly username: string;
  readonly problem: string | undefined;
}

export function invitationPage(page: InvitationPage): string {
  return layout(
    'Welcome',
    markup`<p>Choose how you will sign in. You become the administrator of this server; this link works once.</p>
      ${problem(page.problem)}
      <form method="post">
        ${hiddenField('csrf', page.csrf)}
        <label for="username">Name</label>
        <input
          id="username"
          name="username"
          type="text"
          value="${page.username}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          autofocus
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="new-password"
          minlength="12"
          aria-describedby="rule"
          required
        />
        <label for="repeated">The same password again</label>
        <input id="repeated" name="repeated" type="password" autocomplete="new-password" required />
        <p class="quiet" id="rule">At least 12 characters. A few unrelated words are good.</p>
        <button class="wide" type="submit">Create the account</button>
      </form>`,
  );
}
