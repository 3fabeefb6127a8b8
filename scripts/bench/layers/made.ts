import { join } from "node:path";
import type { LayerSource } from "../../../src/unpack/index.ts";
import { must } from "../../../test/container/support/command.ts";
import type { ImageName } from "./images.ts";

/** An image to be made. */
export interface Order {
  readonly name: ImageName;
  readonly folder: string;
  /** The registry that gets it, its layers compressed. Without one they are kept as they are. */
  readonly host?: string;
  readonly scale: number;
}

/** An image that is there. */
export interface Made {
  readonly reference: string;
  /** Its OCI layout, as skopeo and umoci want it. */
  readonly layout: string;
  readonly layers: readonly LayerSource[];
}

const MAKE = join(import.meta.dirname, "make.ts");

/** Who makes images in a folder, each once, by a process that is gone then; `pulled`: they have to be in the registry. */
export function openWorkshop(folder: string, host: string, scale: number) {
  const made = new Map<ImageName, Promise<Made>>();
  const make = async (order: Order): Promise<Made> =>
    JSON.parse(await must(process.execPath, [MAKE, JSON.stringify(order)])) as Made;
  return (name: ImageName, pulled: boolean): Promise<Made> => {
    const image = made.get(name) ?? make({ name, folder, scale, ...(pulled && { host }) });
    made.set(name, image);
    return image;
  };
}

export type Workshop = ReturnType<typeof openWorkshop>;
