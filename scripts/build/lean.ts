import type { Plugin } from "esbuild";

/**
 * What winston brings along and a loader never needs, by what it is replaced with. `readable-stream` is a copy of Node's own
 * streams, and by itself uses these when it is told to (READABLE_STREAM=disable); `@dabh/diagnostics` writes winston's
 * own debugging, in colours that take a library. Together a quarter of the code of the process that stays for months.
 */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  "readable-stream": 'module.exports = require("node:stream");',
  "readable-stream/lib/_stream_writable.js": 'module.exports = require("node:stream").Writable;',
  "@dabh/diagnostics": "module.exports = () => () => {};",
};

const NAMESPACE = "lean";

/** Keeps such packages out of the command's bundle. */
export const lean: Plugin = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: /^(?:readable-stream|@dabh\/diagnostics)/ }, ({ path }) =>
      Object.hasOwn(SUBSTITUTES, path)
        ? { path, namespace: NAMESPACE }
        : { errors: [{ text: `scripts/build/lean.ts has no substitute for ${path}` }] },
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: SUBSTITUTES[path] ?? "",
      loader: "js",
    }));
  },
};
