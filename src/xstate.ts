/** The only file of `src/` that imports xstate: a new major version is met here and in `machines/`. */
export { createActor, fromCallback, fromPromise } from "xstate";
