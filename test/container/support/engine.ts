import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { must, run, type CommandOptions, type Ran } from "./command.ts";

/** Kept between runs, so that only the first one on a machine makes the base image and fetches the npm packages. */
export const CACHE = "/var/cache/dockerloader-ci";
const VOLATILE = "/run/dockerloader-ci";

/** podman and buildah on a storage of their own: no other user of them on this machine sees or loses anything. */
export interface Engine {
  readonly env: Readonly<Record<string, string>>;
  readonly podmanArgs: (args: readonly string[]) => string[];
  readonly podman: (args: readonly string[], options?: CommandOptions) => Promise<Ran>;
  readonly mustPodman: (args: readonly string[]) => Promise<string>;
  readonly buildah: (args: readonly string[]) => Promise<string>;
}

/** Opens the storage and makes it when it is missing. */
export async function openEngine(): Promise<Engine> {
  const storage = ["--root", join(CACHE, "storage"), "--runroot", join(VOLATILE, "run")];
  await mkdir(CACHE, { recursive: true });
  await mkdir(VOLATILE, { recursive: true });
  const env = {
    CONTAINERS_CONF: join(import.meta.dirname, "../containers.conf"),
    // There may be no systemd to run the timers of health checks: the tests run them.
    DISABLE_HC_SYSTEMD: "true",
    BUILDAH_ISOLATION: "chroot",
  };
  const podmanArgs = (args: readonly string[]): string[] => [
    ...storage,
    "--tmpdir",
    join(VOLATILE, "tmp"),
    "--cgroup-manager",
    "cgroupfs",
    "--events-backend",
    "file",
    ...args,
  ];
  return {
    env,
    podmanArgs,
    podman: (args, options) => run("podman", podmanArgs(args), { ...options, env }),
    mustPodman: (args) => must("podman", podmanArgs(args), { env }),
    buildah: (args) => must("buildah", [...storage, ...args], { env }),
  };
}
