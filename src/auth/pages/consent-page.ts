import type { Scope } from '../../shared/caller.ts';
import { decisionButtons, scopeBoxes, signedInFooter } from './decision.ts';
import { hiddenField, layout } from './layout.ts';
import { type Html, markup } from './markup.ts';

export interface ConsentPage {
  readonly csrf: string;
  readonly clientName: string;
  /** Where the client's description comes from, when it says so itself; undefined when it registered here. */
  readonly clientSource: string | undefined;
  /** Where the browser goes afterwards. */
  readonly redirectTarget: string;
  readonly redirectIsLocal: boolean;
  /** What is given access to. */
  readonly resource: string;
  readonly scopes: readonly Scope[];
  readonly username: string;
}

export function consentPage(page: ConsentPage): string {
  return layout(
    `${page.clientName} asks for access`,
    markup`<p>That is the name it gives itself. It would act in your name, never beyond your own rights.</p>
      ${facts(page)}
      <form method="post">
        ${hiddenField('csrf', page.csrf)}
        ${scopeBoxes(page.scopes)}
        ${decisionButtons}
      </form>
      ${signedInFooter(page.username)}`,
  );
}

function facts({ clientSource, redirectTarget, redirectIsLocal, resource }: ConsentPage): Html {
  const warning = redirectIsLocal
    ? markup` <span class="quiet">(a program on this computer)</span>`
    : markup` <span class="quiet">(another computer)</span>`;
  const source =
    clientSource === undefined
      ? undefined
      : markup`<dt>Described at</dt>
          <dd><code>${clientSource}</code></dd>`;
  return markup`<dl>
    ${source}
    <dt>Access to</dt>
    <dd><code>${resource}</code></dd>
    <dt>Sends you back to</dt>
    <dd><code>${redirectTarget}</code>${warning}</dd>
  </dl>`;
}
