import { createLogUpdate } from "log-update";
import type { Environment } from "../config/load.ts";
import type { ContentDigest } from "../digest.ts";
import type { LoaderEvent } from "../log/events.ts";
import type { Logger } from "../log/logger.ts";
import { barLines, type LayerProgress } from "./bar-lines.ts";

/** A logger that draws. */
export interface Bars extends Logger {
  /** Leaves the last picture where it is and gives the cursor back. May be called again. */
  readonly end: () => void;
}

/** Somebody looks at this stream, and it can be drawn on. Machines that build things have terminals too, but of no size or with nobody there. */
export function canDraw({ isTTY, columns }: NodeJS.WriteStream, env: Environment): boolean {
  const ci = env["CI"] ?? "";
  return isTTY && columns > 0 && env["TERM"] !== "dumb" && (ci === "" || ci === "false" || ci === "0");
}

/**
 * A bar for each layer, drawn in place on a terminal; every other event goes to `log`, whose lines stand above the bars.
 * The library is loaded with this file, so only where bars are drawn.
 */
export function createBars(stream: NodeJS.WriteStream, log: Logger): Bars {
  const screen = createLogUpdate(stream);
  const layers = new Map<ContentDigest, LayerProgress>();
  const draw = (): void => {
    if (layers.size > 0) screen(barLines([...layers.values()], stream).join("\n"));
  };
  return {
    emit: (event) => {
      const layer = layerOf(event);
      if (layer !== undefined) {
        layers.set(layer.digest, layer);
        return draw();
      }
      // The bars say it better.
      if (event.type === "download.progress") return;
      screen.clear();
      log.emit(event);
      draw();
    },
    end: () => {
      screen.done();
      layers.clear();
    },
  };
}

function layerOf(event: LoaderEvent): LayerProgress | undefined {
  if (event.type === "layer.progress") {
    const { digest, bytes, total } = event;
    return { digest, bytes, total, state: "loading" };
  }
  if (event.type !== "layer.downloaded") return undefined;
  const { digest, bytes, reused } = event;
  return { digest, bytes, total: bytes, state: reused ? "here already" : "done" };
}
