import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";

/**
 * What packages bring along and the command never needs, by what it is replaced with. `readable-stream` is a copy of Node's own
 * streams, and by itself uses these when it is told to (READABLE_STREAM=disable); `@dabh/diagnostics` writes winston's
 * own debugging, in colours that take a library. Together a quarter of the code of the process that stays for months.
 * `string-width` compiles patterns of all emoji when it is loaded, a sixth of a short command's time; what the command
 * lays out are its own texts and digests, where each character takes one column.
 * Of winston, a logger, one transport and one format are used; the rest of it colours lines, turns files over and posts to servers.
 * got speaks HTTP/2 when it is asked to, which it never is: only its question whether something is such an answer is left.
 */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  "readable-stream": 'module.exports = require("node:stream");',
  "readable-stream/lib/_stream_writable.js": 'module.exports = require("node:stream").Writable;',
  winston: `
    import printf from "logform/printf.js";
    import Console from "winston/lib/winston/transports/console.js";
    export { default as createLogger } from "winston/lib/winston/create-logger.js";
    export const format = { printf };
    export const transports = { Console };
  `,
  logform: "exports.levels = (config) => config;",
  "@dabh/diagnostics": "module.exports = () => () => {};",
  "node:http2": "module.exports = { Http2ServerResponse: class {}, constants: {} };",
  "./utils/http2-client.js": "module.exports = {};",
  "string-width": `
    import { stripVTControlCharacters } from "node:util";
    export default (text) => [...stripVTControlCharacters(text)].length;
  `,
};

const FILTER =
  /^(?:(?:readable-stream|@dabh\/diagnostics|string-width)(?:\/|$)|winston$|logform$|node:http2$|\.\/utils\/http2-client\.js$)/;
const NAMESPACE = "lean";

/**
 * The file in which got's checks are: for the words of two messages it loads ICU's lists of all languages as soon as it is read, which
 * takes longer than everything else that got does before its first request.
 */
const CHECKS = /@sindresorhus\/is\/distribution\/index\.js$/;
const LISTS = /new Intl\.ListFormat\('en', \{ style: 'long', type: '(con|dis)junction' \}\)/g;

/** The same text with lists that are written without ICU. */
function withoutIcu(path: string): string {
  const text = readFileSync(path, "utf8");
  const lean = text.replaceAll(LISTS, (_list, kind: string) => {
    return `{ format: (words) => words.join(" ${kind === "con" ? "and" : "or"} ") }`;
  });
  if (lean.includes("Intl")) throw new Error(`scripts/build/lean.ts knows another version of ${path}`);
  return lean;
}

/** Keeps such code out of the command's bundle. */
export const lean: Plugin = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: FILTER }, ({ path }) =>
      Object.hasOwn(SUBSTITUTES, path)
        ? { path, namespace: NAMESPACE }
        : { errors: [{ text: `scripts/build/lean.ts has no substitute for ${path}` }] },
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: SUBSTITUTES[path] ?? "",
      resolveDir: import.meta.dirname,
      loader: "js",
    }));
    build.onLoad({ filter: CHECKS }, ({ path }) => ({ contents: withoutIcu(path), loader: "js" }));
  },
};
