// Code generation: reads what people write under `schema/`, refuses what is wrong, and prints what the rest is made from.
// Imported by codegen.ts and scripts only; the server never loads it.
export { buildModel, type Model } from './model.ts';
export { createPlugins } from './plugins/registry.ts';
export { readSources, type Sources } from './read-sources.ts';
export { CodegenRefused } from './refusals.ts';
export { printSdl } from './sdl.ts';
