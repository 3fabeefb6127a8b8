import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

const IMPORTED = "builtin";
const REQUIRED = "builtin-required";

/**
 * Has a bundle ask for Node's modules in a way that reads only what it uses of them. An `import` reads every export: that of `node:http`
 * compiles all of undici on the way, which takes as long as Node's own start; and what esbuild makes of a `require` in its place copies
 * every export for every file that imports one.
 */
export const builtins: Plugin = {
  name: "builtins",
  setup(build) {
    build.onResolve({ filter: /^[a-z:_/0-9]+$/ }, ({ path, kind }) =>
      isBuiltin(path)
        ? { path: path.replace(/^node:/, ""), namespace: kind === "require-call" ? REQUIRED : IMPORTED }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: `module.exports = ${request(path)};`,
      loader: "js",
    }));
    build.onLoad({ filter: /.*/, namespace: IMPORTED }, ({ path }) => ({ contents: exportsOf(path), loader: "js" }));
  },
};

const request = (path: string): string => `process.getBuiltinModule(${JSON.stringify(`node:${path}`)})`;

/** These bring all of TLS with its authorities, which a download in clear text ends without: each export is read when it is used. */
const LATE: ReadonlySet<string> = new Set(["https", "tls"]);

/** A module whose exports are asked for later. What may be a class is there by way of the default export only: else it is read at once. */
function lateExportsOf(path: string, names: readonly string[]): string {
  const late = (name: string): string =>
    /^[a-z]/.test(name) ? `(...args) => builtin().${name}(...args)` : `/* @__PURE__ */ read("${name}")`;
  return [
    `const builtin = () => ${request(path)};`,
    "const read = (name) => builtin()[name];",
    `export default { ${names.map((name) => `get ${name}() { return read("${name}"); }`).join(", ")} };`,
    ...names.map((name) => `const _${name} = ${late(name)}; export { _${name} as ${name} };`),
  ].join("\n");
}

/** A module with the exports of one of Node's; what nobody imports of it is left out of the bundle, and never read. */
function exportsOf(path: string): string {
  const names = Object.keys(process.getBuiltinModule(`node:${path}`) ?? {}).filter((name) => name !== "default");
  if (LATE.has(path)) return lateExportsOf(path, names);
  return [
    `const builtin = /* @__PURE__ */ ${request(path)};`,
    "export default builtin;",
    "const read = (name) => builtin[name];",
    ...names.map((name) => `const _${name} = /* @__PURE__ */ read("${name}"); export { _${name} as ${name} };`),
  ].join("\n");
}
