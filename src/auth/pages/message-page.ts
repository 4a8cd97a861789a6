import { type Html, markup } from './markup.ts';
import { hiddenField, layout, problem } from './layout.ts';

/** A page that says one thing. */
export function messagePage(heading: string, text: string, more?: Html): string {
  return layout(
    heading,
    markup`<p>${text}</p>
      ${more}`,
  );
}

/** Something cannot go on; says what to do. */
export function errorPage(heading: string, text: string, advice: string): string {
  return layout(
    heading,
    markup`${problem(text)}
      <p>${advice}</p>`,
  );
}

/** What somebody sees who signed in without coming from a client. */
export function accountPage(username: string, csrf: string): string {
  return layout(
    'You are signed in',
    markup`<p>Go back to your assistant and connect; it will ask for your consent here.</p>
      <footer>
        <span>Signed in as <strong>${username}</strong></span>
        <form method="post" action="/sign-out">
          ${hiddenField('csrf', csrf)}<button class="second" type="submit">Sign out</button>
        </form>
      </footer>`,
  );
}
