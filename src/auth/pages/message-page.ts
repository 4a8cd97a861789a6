import { type Html, markup } from './markup.ts';
import { layout, problem } from './layout.ts';

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
