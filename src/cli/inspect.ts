import { DockerloaderError, EXIT } from "../errors.ts";
import { isLoaderRunning, openStore } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson, printLines } from "./command.ts";

interface InspectArgs {
  readonly json: boolean;
  readonly port: number;
  readonly host: string;
  readonly stately: boolean;
}

export const inspect: Command<InspectArgs> = {
  command: "inspect",
  describe: "live view of both machines in a browser",
  options: {
    ...JSON_OPTION,
    port: { type: "number", default: 0, describe: "0: any free one" },
    host: { type: "string", default: "127.0.0.1", describe: "the address to listen on" },
    stately: { type: "boolean", default: false, describe: "for developers: feed the Stately inspector" },
  },
  examples: [
    ["inspect", "prints the address; stays until interrupted"],
    ["inspect --port 8420", "to forward with ssh -L or docker -p"],
  ],
  run: async ({ json, port, host, stately }, { config }) => {
    const settings = config();
    const store = openStore(settings.dataDir, { create: false });
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    process.once("SIGTERM", () => stop.abort());
    const tell = (url: string): void => (json ? printJson({ url }) : printLines([url]));
    if (stately) {
      const { serveStately } = await import("../inspect/stately.ts");
      await serveStately({ store, port, signal: stop.signal, onListening: (address) => tell(address) });
      return EXIT.ok;
    }
    const published = store.records.inspector();
    if (published !== undefined && isLoaderRunning(store)) {
      tell(published.url);
      return EXIT.ok;
    }
    if (store.fs.lstatSync(store.layout.state, { throwIfNoEntry: false }) === undefined) {
      throw new DockerloaderError("NOT_RUNNING", `there is no data directory at ${settings.dataDir} to look at`, {
        hint: "start a loader on it, or set DOCKERLOADER_DATA_DIR",
      });
    }
    const { createHub } = await import("../inspect/hub.ts");
    const { serveInspector } = await import("../inspect/server.ts");
    const { createToken } = await import("../inspect/access.ts");
    const { urlOf } = await import("../inspect/observe.ts");
    const hub = createHub(store, { config: settings });
    const token = createToken();
    const listening = await serveInspector({ hub, host, port, token });
    tell(urlOf(host, listening.port, token));
    await new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
    await listening.close();
    hub.close();
    return EXIT.ok;
  },
};
