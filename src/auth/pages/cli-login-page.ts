import { decisionButtons, signedInFooter } from './decision.ts';
import { hiddenField, layout } from './layout.ts';
import { markup } from './markup.ts';

export interface CliLoginPage {
  readonly csrf: string;
  readonly port: number;
  readonly username: string;
}

export function cliLoginPage({ csrf, port, username }: CliLoginPage): string {
  return layout(
    'The command line asks for access',
    markup`<p>Approve only if you have just run a login command on this computer. For an hour it would act in your name, with all your rights.</p>
      <dl>
        <dt>Sends you back to</dt>
        <dd><code>http://localhost:${String(port)}</code> <span class="quiet">(a program on this computer)</span></dd>
      </dl>
      <form method="post">
        ${hiddenField('csrf', csrf)}
        ${decisionButtons}
      </form>
      ${signedInFooter(username)}`,
  );
}
