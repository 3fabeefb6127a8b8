import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Ran } from "./command.ts";
import type { Engine } from "./engine.ts";
import { collect, type Output } from "./output.ts";

export interface ContainerOptions {
  readonly image: string;
  /** A directory of the host, or a volume's name, mounted at /data. */
  readonly data: string;
  /** Variables of the container; what is undefined is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Further options of `podman run`. */
  readonly options?: readonly string[];
  /** Arguments of the image's entrypoint. */
  readonly args?: readonly string[];
}

const EXEC_MS = 30_000;

/** A running container; `ended` tells its exit code. */
export interface Container extends Output {
  readonly name: string;
  readonly exec: (...command: string[]) => Promise<Ran>;
  /** `podman stop`: SIGTERM, and SIGKILL after so many seconds. */
  readonly stop: (seconds: number) => Promise<Ran>;
  readonly podman: (...args: string[]) => Promise<Ran>;
  /** One fact of `podman inspect`, by a Go template. */
  readonly inspect: (format: string) => Promise<string>;
  /** Removes whatever is left of it. */
  readonly remove: () => Promise<void>;
}

/** Starts a container on the host's network, so that it reaches the registry on loopback. */
export function startContainer(engine: Engine, options: ContainerOptions): Container {
  const name = `dockerloader-test-${randomUUID()}`;
  const env = Object.entries(options.env).flatMap(([key, value]) =>
    value === undefined ? [] : ["--env", `${key}=${value}`],
  );
  const how = ["--rm", "--name", name, "--network", "host", "--volume", `${options.data}:/data`, ...env];
  const args = ["run", ...how, ...(options.options ?? []), options.image, ...(options.args ?? [])];
  const child = spawn("podman", engine.podmanArgs(args), {
    env: { ...process.env, ...engine.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  return {
    ...output,
    name,
    exec: (...command) => engine.podman(["exec", name, ...command], { timeoutMs: EXEC_MS }),
    stop: (seconds) => engine.podman(["stop", "--time", String(seconds), name]),
    podman: (...args) => engine.podman(args),
    inspect: (format) => engine.mustPodman(["inspect", "--format", format, name]),
    remove: async () => {
      await engine.podman(["rm", "--force", "--ignore", "--time", "0", name]);
      await output.ended;
    },
  };
}
