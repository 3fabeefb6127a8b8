/** The app of the demo: says its version, becomes ready, follows its image. `.env` in its image tells how it behaves. */
import { initDockerloaded, markReady, startUpdateLoop } from "../../src/index.ts";

await initDockerloaded();
const { VERSION = "?", BEHAVIOUR = "good" } = process.env;
console.log(`app v${VERSION} starts`);
process.once("SIGTERM", () => process.exit(0));

if (BEHAVIOUR === "crash") {
  console.log(`app v${VERSION} crashes`);
  process.exit(1);
}
// Something open, as a server would have: the process lives until it is told to end.
setInterval(() => {}, 60_000);
if (BEHAVIOUR !== "hang") {
  await markReady({ check: false });
  console.log(`app v${VERSION} serves`);
  startUpdateLoop({ onRestart: () => console.log(`app v${VERSION} drains`) });
}
