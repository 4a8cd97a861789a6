// What a new server needs before anybody can use it.
export { type FirstStart, prepareFirstStart } from './prepare-first-start.ts';
