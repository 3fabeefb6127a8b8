/** Loads sweep and closure once more, under a name of their own, with a mutant's text in place of the real source. */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { close } from "../closure/close.ts";
import type { Scenario } from "../model/scenario.ts";
import type { sweep } from "../model/sweep.ts";
import type { Edit, Mutant } from "./mutant.ts";

const SRC = join(import.meta.dirname, "../../../src");
const TESTS = pathToFileURL(join(import.meta.dirname, "../")).href;

export interface Loaded {
  readonly sweep: typeof sweep;
  readonly SCENARIOS: readonly Scenario[];
}

/** The source with this edit. Throws when what it replaces is not there exactly once: the mutant has to follow the code. */
function edited(source: string, { file, find, replace }: Edit): string {
  if (source.split(find).length !== 2) throw new Error(`src/${file} does not hold exactly once: ${find}`);
  return source.replace(find, () => replace);
}

/**
 * Imports modules below `test/crash` with all they import, this mutant's text in place of the real source. `id` is the
 * mutant's own: modules are loaded once for each.
 */
async function importWith({ edits }: Mutant, id: number, files: readonly string[]): Promise<unknown[]> {
  const tag = `?mutant=${id}`;
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const url = pathToFileURL(join(SRC, edit.file)).href + tag;
    sources.set(url, edited(sources.get(url) ?? readFileSync(join(SRC, edit.file), "utf8"), edit));
  }
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const ours = context.parentURL?.endsWith(tag) === true && /^file:.*\.ts$/.test(resolved.url);
      return ours ? { ...resolved, url: resolved.url + tag } : resolved;
    },
    load: (url, context, next) => {
      const source = sources.get(url);
      if (source === undefined) return next(url, context);
      return { format: "module", source: stripTypeScriptTypes(source, { mode: "strip" }), shortCircuit: true };
    },
  });
  try {
    return await Promise.all(files.map((file) => import(`${TESTS}${file}${tag}`) as Promise<unknown>));
  } finally {
    hooks.deregister();
  }
}

/** The sweep. */
export async function loadMutant(mutant: Mutant, id: number): Promise<Loaded> {
  const [swept, told] = await importWith(mutant, id, ["model/sweep.ts", "model/scenarios.ts"]);
  const { sweep } = swept as Pick<Loaded, "sweep">;
  const { SCENARIOS } = told as Pick<Loaded, "SCENARIOS">;
  return { sweep, SCENARIOS };
}

/** The closure. */
export async function loadClosure(mutant: Mutant, id: number): Promise<typeof close> {
  const [closure] = await importWith(mutant, id, ["closure/close.ts"]);
  return (closure as { close: typeof close }).close;
}
