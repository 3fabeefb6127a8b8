/** Loads the sweep once more, under a name of its own, with a mutant's text in place of the real source. */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "../model/scenario.ts";
import type { sweep } from "../model/sweep.ts";
import type { Edit, Mutant } from "./mutant.ts";

const SRC = join(import.meta.dirname, "../../../src");
const MODEL = pathToFileURL(join(import.meta.dirname, "../model/")).href;

export interface Loaded {
  readonly sweep: typeof sweep;
  readonly SCENARIOS: readonly Scenario[];
}

/** The source with this edit. Throws when what it replaces is not there exactly once: the mutant has to follow the code. */
function edited(source: string, { file, find, replace }: Edit): string {
  if (source.split(find).length !== 2) throw new Error(`src/${file} does not hold exactly once: ${find}`);
  return source.replace(find, () => replace);
}

/** `id` is the mutant's own: modules are loaded once for each. */
export async function loadMutant({ edits }: Mutant, id: number): Promise<Loaded> {
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
    const swept = (await import(`${MODEL}sweep.ts${tag}`)) as Pick<Loaded, "sweep">;
    const told = (await import(`${MODEL}scenarios.ts${tag}`)) as Pick<Loaded, "SCENARIOS">;
    return { sweep: swept.sweep, SCENARIOS: told.SCENARIOS };
  } finally {
    hooks.deregister();
  }
}
