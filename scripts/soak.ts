/**
 * `npm run soak`: one loader goes through many updates while the registry, the volume and the processes fail at random.
 * The seed is printed and repeats a run: `npm run soak -- --updates 300 --seed 7`.
 */
import { parseArgs } from "node:util";
import { build } from "./soak/build.ts";
import { randomFrom } from "../test/support/random.ts";
import { soak } from "./soak/soak.ts";

const { values } = parseArgs({
  options: {
    updates: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const updates = Number(values.updates);
const seed = Number(values.seed);
if (!Number.isInteger(updates) || updates < 1 || !Number.isInteger(seed)) {
  console.error("usage: npm run soak -- [--updates N] [--seed N]");
  process.exit(64);
}

build();
console.log(`soak: ${updates} updates, seed ${seed}`);
const faults = await soak({ updates, random: randomFrom(seed), report: (line) => console.log(line) });
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(faults.length === 0 ? "soak: nothing leaked, nothing lost" : `soak: ${faults.length} faults, seed ${seed}`);
process.exit(faults.length === 0 ? 0 : 1);
