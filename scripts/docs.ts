/** Writes the generated parts of README.md; `--check` only says whether they are up to date (exit 1 when not). */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { supervisorMachine, updateMachine } from "../machines/index.ts";
import { mermaid } from "./docs/chart.ts";
import { configurationTable, errorTable, exitTable } from "./docs/tables.ts";
import { weave } from "./docs/weave.ts";

const path = join(import.meta.dirname, "../README.md");
const fence = (text: string): string => `\`\`\`mermaid\n${text}\n\`\`\``;

const before = readFileSync(path, "utf8");
let after = weave(before, "configuration", configurationTable());
after = weave(after, "exit codes", exitTable());
after = weave(after, "error codes", errorTable());
after = weave(after, "supervisor chart", fence(mermaid(supervisorMachine)));
after = weave(after, "update chart", fence(mermaid(updateMachine)));

if (!process.argv.includes("--check")) writeFileSync(path, after);
else if (after !== before) {
  console.error("README.md is out of date: run `npm run docs`");
  process.exitCode = 1;
}
