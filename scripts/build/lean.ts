import type { Plugin } from "esbuild";

/** `import` of it asks for everything it exports, a WebSocket client among them, which takes as long to load as Node; `require` does not. */
const HTTP = "node:http";

/**
 * What packages bring along and the command never needs, by what it is replaced with. `readable-stream` is a copy of Node's own
 * streams, and by itself uses these when it is told to (READABLE_STREAM=disable); `@dabh/diagnostics` writes winston's
 * own debugging, in colours that take a library. Together a quarter of the code of the process that stays for months.
 * `string-width` compiles patterns of all emoji when it is loaded, a sixth of a short command's time; what the command
 * lays out are its own texts and digests, where each character takes one column.
 */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  "readable-stream": 'module.exports = require("node:stream");',
  "readable-stream/lib/_stream_writable.js": 'module.exports = require("node:stream").Writable;',
  "@dabh/diagnostics": "module.exports = () => () => {};",
  [HTTP]: `module.exports = require("${HTTP}");`,
  "string-width": `
    import { stripVTControlCharacters } from "node:util";
    export default (text) => [...stripVTControlCharacters(text)].length;
  `,
};

const NAMESPACE = "lean";

/** Keeps such packages, and such an `import`, out of the command's bundle. */
export const lean: Plugin = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: /^(?:readable-stream|@dabh\/diagnostics|string-width)(?:\/|$)/ }, ({ path }) =>
      Object.hasOwn(SUBSTITUTES, path)
        ? { path, namespace: NAMESPACE }
        : { errors: [{ text: `scripts/build/lean.ts has no substitute for ${path}` }] },
    );
    build.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind }) =>
      kind === "import-statement" ? { path: HTTP, namespace: NAMESPACE } : { path: HTTP, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: SUBSTITUTES[path] ?? "",
      loader: "js",
    }));
  },
};
