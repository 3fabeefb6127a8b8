/** What the fault tests play with: as the sources are, or bundled like an app. */
export { readConfig } from "../../../src/config/load.ts";
export { DockerloaderError } from "../../../src/errors.ts";
export { pullImage } from "../../../src/pull/pull.ts";
export { openStore } from "../../../src/store/index.ts";
