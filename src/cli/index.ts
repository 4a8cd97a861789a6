// The `sluice` command: what people run by hand beside the server. `main.ts` starts it.
export { createCommand, type Terminal } from './command.ts';
