/** Where a command prints and works, and whom it can ask. */
export interface Terminal {
  /** What was asked for, and nothing else: other programs read it. */
  print(line: string): void;
  /** What a person shall know; not part of the result. */
  say(line: string): void;
  /** Folder that holds `schema/`. */
  readonly root: string;
  /** Folder of the user's own settings, where profiles are kept. */
  readonly configFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a line that is not shown; from what is piped in when nobody sits there. */
  askSecret(question: string): Promise<string>;
  /** Opens the address for the person, if that can be done here. */
  openBrowser(url: string): void;
}
