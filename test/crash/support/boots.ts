import { fingerprint } from "./fingerprint.ts";
import { assertBoots, assertClean, banned } from "./invariants.ts";
import type { Scenario } from "./scenarios.ts";
import type { Act, Site } from "./site.ts";
import type { Version } from "./versions.ts";

/** How something undisturbed left a volume. */
interface Left {
  readonly volume: string;
}

/** What a boot of one volume came to. */
export interface Booted extends Left {
  readonly serves: Version;
  readonly bans: readonly (Version | undefined)[];
}

/** Undisturbed steps, one after the other, from the data directory as it is found. */
export interface Steps {
  readonly boot: (which: "first" | "second") => Promise<Booted>;
  /** `dockerloader gc`, which leaves nothing behind. */
  readonly cleanUp: () => Promise<void>;
}

export interface Boots {
  readonly begin: () => Steps;
  /** How many boots were really made. */
  readonly made: () => number;
}

/** What is known of volumes: what a boot and what a clean-up makes of them. */
interface Memory {
  readonly boots: Map<string, Booted>;
  readonly cleanUps: Map<string, Left>;
}

/** For each site. */
const memories = new WeakMap<Site, Memory>();

/**
 * A start is a function of the volume and of how the app behaves, a clean-up one of the volume: what is known of a volume
 * with the same fingerprint is not found out twice, unless `CRASH_FULL=1` asks for it. The checks of a point are made
 * on the known answer. What is new after known steps is found out after these were made for real.
 */
export function bootsOf(site: Site, { boot }: Scenario): Boots {
  const memory = memories.get(site) ?? { boots: new Map(), cleanUps: new Map() };
  memories.set(site, memory);
  const forgetful = process.env["CRASH_FULL"] === "1";
  let made = 0;

  const now = (): string => fingerprint(site.layout.dataDir);
  const start = async (which: "first" | "second"): Promise<Booted> => {
    made += 1;
    const serves = await assertBoots(site, boot, which);
    return { serves, bans: banned(site), volume: now() };
  };
  const clean = async (): Promise<Left> => {
    await assertClean(site);
    return { volume: now() };
  };

  const begin = (): Steps => {
    let volume = now();
    let skipped: (() => Promise<Left>)[] = [];
    const step = async <T extends Left>(known: Map<string, T>, kind: string, make: () => Promise<T>): Promise<T> => {
      const key = (): string => `${volume} ${kind}`;
      let left = forgetful ? undefined : known.get(key());
      if (left === undefined) {
        for (const again of skipped) ({ volume } = await again());
        skipped = [];
        left = await make();
        known.set(key(), left);
      } else {
        skipped.push(make);
      }
      ({ volume } = left);
      return left;
    };
    return {
      boot: (which) => step(memory.boots, describe(boot), () => start(which)),
      cleanUp: async () => {
        await step(memory.cleanUps, "", clean);
      },
    };
  };
  return { begin, made: () => made };
}

const describe = ({ args, env, target }: Act): string => JSON.stringify({ args, env, target });
