/** The app of the demo: says its version, becomes ready, follows its image. `.env` in its image tells how it behaves. */
import { initDockerloaded, markReady, startUpdateLoop } from "../../src/index.ts";

await initDockerloaded();
const { VERSION = "?", BEHAVIOUR = "good" } = process.env;
console.log(`app v${VERSION} starts`);

if (BEHAVIOUR === "crash") throw new Error("v" + VERSION + " has a bug");
// Something open, as a server would have: the process lives until it is told to end.
const open = setInterval(() => {}, 60_000);
if (BEHAVIOUR !== "hang") {
  await markReady({ check: false });
  console.log(`app v${VERSION} serves`);
  startUpdateLoop({ onRestart: () => console.log(`app v${VERSION} drains`) });
}
process.once("SIGTERM", () => clearInterval(open));
process.once("SIGTERM", () => process.exit(0));
