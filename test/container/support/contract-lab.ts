import { join } from "node:path";
import type { Lab, Site } from "../../support/lab.ts";
import { openLab } from "./lab.ts";

/** Containers behind the interface that the shared tests are written against. */
export async function openContainerLab(): Promise<Lab> {
  const lab = await openLab();
  const site: Lab["site"] = async (app) => {
    const { data, push, run, stable, names, start } = await lab.site(app);
    const shared: Site = {
      dataDir: join(data, "dockerloader"),
      push,
      run,
      stable,
      names,
      start: (options) => {
        const container = start(options);
        return {
          ...container,
          identity: () => container.inspect("{{.State.StartedAt}}"),
          cli: (...args) => container.exec("cli", ...args),
          command: (...args) => container.exec("dockerloader", ...args),
          stop: async () => {
            await container.stop(30);
            return container.ended;
          },
        };
      },
    };
    return shared;
  };
  return { site, close: lab.close };
}
