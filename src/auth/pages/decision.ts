import type { Scope } from '../../shared/caller.ts';
import { type Html, markup } from './markup.ts';

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

/** The scopes that are asked for, each to be left out or kept. */
export function scopeBoxes(scopes: readonly Scope[]): Html {
  return markup`<fieldset>
          <legend>What it may do</legend>
          ${scopes.map(scopeBox)}
        </fieldset>`;
}

function scopeBox(scope: Scope): Html {
  const { title, text } = explanations[scope];
  const id = scope.replace(':', '-');
  return markup`<div class="scope">
    <input type="checkbox" id="${id}" name="scope" value="${scope}" aria-describedby="${id}-text" checked />
    <label for="${id}">${title} <code>${scope}</code></label>
    <span id="${id}-text">${text}</span>
  </div>`;
}

/** The field `decision` of a form: `deny` or `approve`. */
export const decisionButtons: Html = markup`<div class="actions">
          <button class="second" type="submit" name="decision" value="deny">Deny</button>
          <button type="submit" name="decision" value="approve">Approve</button>
        </div>`;

/** Whose decision it will be. */
export function signedInFooter(username: string): Html {
  return markup`<footer><span>Signed in as <strong>${username}</strong></span></footer>`;
}
