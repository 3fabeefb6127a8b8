/**
 * Draws both machines: SVG, Mermaid and JSON beside them, one file each for Stately Studio, and the live view's page, which is made of the same charts.
 * `--check` only says whether they are up to date (exit 1 when not).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { supervisorMachine, updateMachine } from "../machines/index.ts";
import { configOf } from "./diagrams/config.ts";
import { place } from "./diagrams/layout.ts";
import { chartOf } from "./diagrams/model.ts";
import { pageOf } from "./diagrams/page.ts";
import { studioOf } from "./diagrams/studio.ts";
import { svgOf } from "./diagrams/svg.ts";
import { mermaid } from "./docs/chart.ts";

const root = join(import.meta.dirname, "..");
const files = new Map<string, string>();
const charts = { supervisor: "", update: "" };
for (const machine of [supervisorMachine, updateMachine]) {
  const chart = chartOf(machine);
  const path = join(root, "machines", machine.id);
  const placed = await place(chart);
  charts[machine.id as keyof typeof charts] = svgOf(chart, placed, false);
  files.set(`${path}.svg`, svgOf(chart, placed, true));
  files.set(`${path}.mmd`, `${mermaid(machine)}\n`);
  files.set(`${path}.json`, configOf(machine));
  files.set(join(root, "machines/studio", `${machine.id}.js`), await studioOf(machine.id));
}
files.set(join(root, "src/inspect/page.html"), await pageOf(charts));

for (const [path, content] of files) {
  if (existsSync(path) && readFileSync(path, "utf8") === content) continue;
  if (process.argv.includes("--check")) {
    console.error(`${relative(root, path)} is out of date: run \`npm run diagrams\``);
    process.exitCode = 1;
  } else writeFileSync(path, content);
}
