import { Html, markup, type Part } from './markup.ts';
import { style } from './style.ts';

const mark = new Html(
  '<svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" aria-hidden="true"><path d="M3 3v16M19 3v16M7 4v7M11 4v7M15 4v7M7 16c1.3-1.4 2.7-1.4 4 0s2.7 1.4 4 0"/></svg>',
);

/** A whole page. Its heading is also the title of the tab. */
export function layout(heading: string, content: Html): string {
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${heading} - Sluice</title>
        <style>${new Html(style)}</style>
      </head>
      <body>
        <main>
          <p class="brand">${mark} Sluice</p>
          <h1>${heading}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return page.text;
}

/** What went wrong, above a form; read aloud at once. */
export function problem(text: string | undefined): Part {
  return text === undefined ? undefined : markup`<p class="problem" role="alert">${text}</p>`;
}

/** Proof that a form was made for this browser. */
export function hiddenField(name: string, value: string): Html {
  return markup`<input type="hidden" name="${name}" value="${value}" />`;
}
