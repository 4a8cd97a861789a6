import { type Html, markup } from './markup.ts';

/** The name of a person; `fixed` when it is not theirs to choose, but password keepers want to know it. */
export function nameField(username: string, { fixed }: { readonly fixed: boolean }): Html {
  const rest = fixed ? markup`readonly` : markup`required autofocus`;
  return markup`<label for="username">Name</label>
    <input
      id="username"
      name="username"
      type="text"
      value="${username}"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      ${rest}
    />`;
}

/** A password to be, twice. */
export function newPasswordFields(label: string): Html {
  return markup`<label for="password">${label}</label>
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
    <p class="quiet" id="rule">At least 12 characters. A few unrelated words are good.</p>`;
}
