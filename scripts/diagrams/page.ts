import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { CHART_STYLE } from "./svg.ts";

const client = join(import.meta.dirname, "../../src/inspect/client");

/** The live view as one file: its script bundled, its style and both charts inside. It asks for nothing else. */
export async function pageOf(charts: { readonly supervisor: string; readonly update: string }): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(client, "main.ts")],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    charset: "utf8",
    write: false,
  });
  const script = outputFiles[0]?.text.trim() ?? "";
  const style = `${readFileSync(join(client, "style.css"), "utf8").trim()}\n${CHART_STYLE}`;
  const parts = {
    "/*STYLE*/": style,
    "/*SCRIPT*/": script,
    "<!--SUPERVISOR-->": charts.supervisor.trim(),
    "<!--UPDATE-->": charts.update.trim(),
  };
  let page = readFileSync(join(client, "index.html"), "utf8");
  for (const [mark, text] of Object.entries(parts)) {
    if (!page.includes(mark)) throw new Error(`the page has no ${mark}`);
    page = page.replace(mark, () => text);
  }
  return page;
}
