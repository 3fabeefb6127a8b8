import { fingerprint } from "./fingerprint.ts";
import { assertBoots, assertClean, banned } from "./invariants.ts";
import type { Scenario } from "./scenarios.ts";
import type { Act, Site } from "./site.ts";
import type { Version } from "./versions.ts";

/** What a boot of one volume came to. */
export interface Booted {
  readonly serves: Version;
  readonly bans: readonly (Version | undefined)[];
  /** The volume as it was left. */
  readonly left: string;
}

/** Undisturbed starts of the loader on whatever is in the data directory. The second one comes after a clean-up. */
export interface Boots {
  readonly boot: (which: "first" | "second") => Promise<Booted>;
  /** How many were really made. */
  readonly made: () => number;
}

/** What is known of volumes, for each site. */
const memories = new WeakMap<Site, Map<string, Booted>>();

/**
 * A start is a function of the volume and of how the app behaves: what is known of a volume with the same fingerprint
 * is not found out twice, unless `CRASH_FULL=1` asks for it. The checks of a point are made on the known answer.
 */
export function bootsOf(site: Site, { boot }: Scenario): Boots {
  const memory = memories.get(site) ?? new Map<string, Booted>();
  memories.set(site, memory);
  let made = 0;
  let current: string | undefined;
  return {
    made: () => made,
    boot: async (which) => {
      const volume = (which === "second" ? current : undefined) ?? fingerprint(site.layout.dataDir);
      const key = [which, volume, describe(boot)].join();
      const known = process.env["CRASH_FULL"] === "1" ? undefined : memory.get(key);
      const booted = known ?? (await start(site, boot, which));
      if (known === undefined) made += 1;
      memory.set(key, booted);
      current = booted.left;
      return booted;
    },
  };
}

const describe = ({ args, env, target }: Act): string => JSON.stringify({ args, env, target });

async function start(site: Site, boot: Act, which: "first" | "second"): Promise<Booted> {
  if (which === "second") await assertClean(site);
  const serves = await assertBoots(site, boot, which);
  return { serves, bans: banned(site), left: fingerprint(site.layout.dataDir) };
}
