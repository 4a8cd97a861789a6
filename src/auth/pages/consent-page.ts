import type { Scope } from '../../shared/caller.ts';
import { type Html, markup } from './markup.ts';
import { hiddenField, layout } from './layout.ts';

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

const explanations: Readonly<Record<Scope, { readonly title: string; readonly text: string }>> = {
  'mcp:read': {
    title: 'Read',
    text: 'Look at what you can see: spaces, projects, resources, operations, policies and their documentation.',
  },
  'mcp:write': {
    title: 'Read and change',
    text: 'Also create, change and destroy infrastructure and settings, as far as your own roles allow it.',
  },
};

export function consentPage(page: ConsentPage): string {
  return layout(
    `${page.clientName} asks for access`,
    markup`<p>That is the name it gives itself. It would act in your name, never beyond your own rights.</p>
      ${facts(page)}
      <form method="post">
        ${hiddenField('csrf', page.csrf)}
        <fieldset>
          <legend>What it may do</legend>
          ${page.scopes.map(scopeBox)}
        </fieldset>
        <div class="actions">
          <button class="second" type="submit" name="decision" value="deny">Deny</button>
          <button type="submit" name="decision" value="approve">Approve</button>
        </div>
      </form>
      <footer>
        <span>Signed in as <strong>${page.username}</strong></span>
      </footer>`,
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

export function scopeBox(scope: Scope): Html {
  const { title, text } = explanations[scope];
  const id = scope.replace(':', '-');
  return markup`<div class="scope">
    <input type="checkbox" id="${id}" name="scope" value="${scope}" aria-describedby="${id}-text" checked />
    <label for="${id}">${title} <code>${scope}</code></label>
    <span id="${id}-text">${text}</span>
  </div>`;
}
