import { nameField, newPasswordFields } from './fields.ts';
import { hiddenField, layout, problem } from './layout.ts';
import { markup } from './markup.ts';

export interface PasswordPage {
  readonly csrf: string;
  readonly username: string;
  readonly problem: string | undefined;
}

export function passwordPage(page: PasswordPage): string {
  return layout(
    'Change your password',
    markup`<p>Whatever else you are signed in with ends: other browsers, the command line, assistants.</p>
      ${problem(page.problem)}
      <form method="post">
        ${hiddenField('csrf', page.csrf)}
        ${nameField(page.username, { fixed: true })}
        <label for="current">Current password</label>
        <input id="current" name="current" type="password" autocomplete="current-password" required autofocus />
        ${newPasswordFields('New password')}
        <button class="wide" type="submit">Change the password</button>
      </form>
      <p class="after"><a href="/account">Back</a></p>`,
  );
}
