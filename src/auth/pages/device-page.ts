import type { Scope } from '../../shared/caller.ts';
import { decisionButtons, scopeBoxes, signedInFooter } from './decision.ts';
import { hiddenField, layout, problem } from './layout.ts';
import { markup } from './markup.ts';

export interface DeviceCodePage {
  readonly csrf: string;
  readonly username: string;
  readonly userCode: string;
  readonly problem: string | undefined;
}

/** Where a person enters the code that a device shows. */
export function deviceCodePage(page: DeviceCodePage): string {
  return layout(
    'Log a device in',
    markup`<p>Enter the code that your device or command line shows. If somebody else sent you a code, close this page.</p>
      ${problem(page.problem)}
      <form method="post" action="/device">
        ${hiddenField('csrf', page.csrf)}
        <label for="user_code">Code</label>
        <input
          id="user_code"
          name="user_code"
          type="text"
          value="${page.userCode}"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          autofocus
        />
        <button class="wide" type="submit">Go on</button>
      </form>
      ${signedInFooter(page.username)}`,
  );
}

export interface DeviceConsentPage {
  readonly csrf: string;
  readonly username: string;
  readonly clientName: string;
  /** Whether the name is known to be right. */
  readonly isOurs: boolean;
  readonly resource: string;
  readonly scopes: readonly Scope[];
  readonly userCode: string;
  /** Address that the code was asked for from. */
  readonly askedFrom: string | undefined;
}

/** Where the person decides about it. */
export function deviceConsentPage(page: DeviceConsentPage): string {
  return layout(
    `${page.clientName} asks for access`,
    markup`${page.isOurs ? undefined : markup`<p>That is the name it gives itself.</p>`}
      <p>It would act in your name, never beyond your own rights. Approve only if you have just started this yourself and the code is the one that you see there.</p>
      <dl>
        <dt>Code</dt>
        <dd><code>${page.userCode}</code></dd>
        <dt>Access to</dt>
        <dd><code>${page.resource}</code></dd>
        <dt>Asked for from the address</dt>
        <dd><code>${page.askedFrom ?? 'unknown'}</code></dd>
      </dl>
      <form method="post" action="/device">
        ${hiddenField('csrf', page.csrf)}${hiddenField('user_code', page.userCode)}
        ${scopeBoxes(page.scopes)}
        ${decisionButtons}
      </form>
      ${signedInFooter(page.username)}`,
  );
}
