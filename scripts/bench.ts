/**
 * Measures: `npm run bench [-- GROUP… --rounds N --json --check]`, groups `loader` (the default), `registry` and `layers`.
 * `--check` exits 1 when a goal is missed. What is compared runs interleaved in one run: trust the ratios; absolute
 * numbers are this machine's.
 */
import { parseArgs } from "node:util";
import type { Group } from "./bench/group.ts";
import { layers } from "./bench/layers.ts";
import { loader } from "./bench/loader.ts";
import { registry } from "./bench/registry.ts";

const GROUPS: Readonly<Record<string, Group>> = { loader, registry, layers };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, json: { type: "boolean" }, check: { type: "boolean" } },
});
const names = positionals.length === 0 ? ["loader"] : positionals;
const unknown = names.filter((name) => !Object.hasOwn(GROUPS, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; groups are ${Object.keys(GROUPS).join(", ")}`);
  process.exit(64);
}
const data: Record<string, unknown> = {};
for (const name of names) {
  const outcome = await GROUPS[name]?.(Number(values.rounds) || undefined);
  if (outcome === undefined) continue;
  data[name] = outcome.data;
  if (values.json !== true) console.log(outcome.lines.join("\n"));
  if (outcome.missed.length === 0) continue;
  console.error(`${name}, goals missed: ${outcome.missed.join("; ")}`);
  if (values.check === true) process.exitCode = 1;
}
if (values.json === true) console.log(JSON.stringify({ node: process.version, ...data }));
