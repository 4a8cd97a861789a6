import { nameField, newPasswordFields } from './fields.ts';
import { hiddenField, layout, problem } from './layout.ts';
import { markup } from './markup.ts';

export interface InvitationPage {
  readonly csrf: string;
  /** Name of the invited user; undefined for the first administrator, who chooses one. */
  readonly invited: string | undefined;
  /** What was typed before. */
  readonly username: string;
  readonly problem: string | undefined;
}

export function invitationPage(page: InvitationPage): string {
  const { invited } = page;
  const text =
    invited === undefined
      ? 'Choose how you will sign in. You become the administrator of this server; this link works once.'
      : 'Choose the password that you will sign in with; this link works once.';
  return layout(
    'Welcome',
    markup`<p>${text}</p>
      ${problem(page.problem)}
      <form method="post">
        ${hiddenField('csrf', page.csrf)}
        ${nameField(invited ?? page.username, { fixed: invited !== undefined })}
        ${newPasswordFields('Password')}
        <button class="wide" type="submit">Create the account</button>
      </form>`,
  );
}
