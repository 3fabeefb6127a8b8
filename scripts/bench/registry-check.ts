/** Looks at a tag until that is routine, says so, and on a message does it N times more: `registry-check.ts REFERENCE N`. */
import { once } from "node:events";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { openSource } from "../../src/registry/open-source.ts";

const WARM_UP = 20;
const [, , reference = "", times = ""] = process.argv;
const source = openSource(reference, { config: loadConfig({}), env: {}, log: silentLogger });
for (let check = 0; check < WARM_UP; check += 1) await source.resolve();
process.send?.("ready");
await once(process, "message");
const cpu = process.cpuUsage();
for (let check = 0; check < Number(times); check += 1) await source.resolve();
const { user, system } = process.cpuUsage(cpu);
process.send?.((user + system) / 1000 / Number(times));
