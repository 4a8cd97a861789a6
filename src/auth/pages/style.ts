import { createHash } from 'node:crypto';

/** The look of all pages for people. Colours hold a contrast of at least 4.5 : 1 in both schemes. */
export const style = `
:root { color-scheme: light dark; --ground: #eef1f4; --card: #fff; --text: #17212b; --quiet: #55616d; --line: #d5dbe1;
  --main: #0b6b75; --main-text: #fff; --bad: #a3261d; --bad-ground: #fdf0ee; --field: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #10161b; --card: #1a2229; --text: #e8edf1; --quiet: #a2aeb9;
  --line: #36424d; --main: #5fc4cf; --main-text: #08191b; --bad: #ff9d92; --bad-ground: #35201e; --field: #11181d; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 27rem; padding: 1.6rem 1.8rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; box-shadow: 0 8px 30px rgb(0 20 40 / 7%); }
.brand { display: flex; align-items: center; gap: .55rem; margin: 0 0 1rem; font-weight: 650; color: var(--quiet); }
.brand svg { color: var(--main); }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 1.4rem 0 .6rem; font-size: 1.05rem; } p { margin: 0 0 1rem; } .after { margin: 1rem 0 0; } .quiet { color: var(--quiet); font-size: .9rem; }
label { display: block; font-weight: 600; } form { margin: 0; }
input[type=text], input[type=password] { display: block; width: 100%; margin: .3rem 0 1rem; padding: .6rem .75rem;
  font: inherit; color: inherit; background: var(--field); border: 1px solid var(--quiet); border-radius: 8px; }
button, .button { padding: .65rem 1.1rem; font: inherit; font-weight: 650; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--main); background: var(--main); color: var(--main-text); }
.button { display: block; text-align: center; text-decoration: none; }
.or { margin-top: .8rem; color: var(--quiet); font-size: .9rem; text-align: center; }
button.second { background: transparent; color: var(--text); border-color: var(--quiet); }
button:hover, .button:hover { filter: brightness(1.08); } a:not(.button) { color: var(--main); }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.wide { width: 100%; } .actions { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; margin-top: 1.25rem; }
.problem { padding: .7rem .9rem; margin-bottom: 1.2rem; color: var(--bad); background: var(--bad-ground);
  border-left: 4px solid var(--bad); border-radius: 6px; }
dl { margin: 0 0 1.25rem; padding: .85rem 1rem; border: 1px solid var(--line); border-radius: 10px; }
dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
dd:last-child { margin: 0; } code { font: .92em ui-monospace, Menlo, Consolas, monospace; }
fieldset { margin: 0; padding: 0; border: 0; } legend { padding: 0; margin-bottom: .6rem; font-weight: 600; }
.scope { display: grid; grid-template-columns: auto 1fr; gap: .2rem .7rem; padding: .6rem .8rem; margin-bottom: .5rem;
  border: 1px solid var(--line); border-radius: 10px; }
.scope input { width: 1.15rem; height: 1.15rem; margin: .2rem 0 0; accent-color: var(--main); }
.scope span { grid-column: 2; font-weight: 400; color: var(--quiet); font-size: .9rem; }
input[readonly] { color: var(--quiet); background: transparent; }
.sessions { margin: 0 0 .8rem; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 10px; }
.sessions li { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .6rem .8rem;
  overflow-wrap: anywhere; } .sessions li + li { border-top: 1px solid var(--line); }
.sessions li > :last-child { flex: none; } .sessions button { padding: .3rem .7rem; font-size: .9rem; font-weight: 500; }
footer { margin-top: 1.4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .9rem;
  display: flex; justify-content: space-between; align-items: center; gap: 1rem; }
footer button { padding: .3rem .7rem; font-size: .9rem; font-weight: 500; }
`;

/** By which the browser knows this very style; any other is refused. */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
