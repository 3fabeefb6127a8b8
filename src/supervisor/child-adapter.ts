import { randomUUID } from "node:crypto";
import type { ChildExit, ChildPort, LaunchPlan } from "../../machines/ports.ts";
import { DockerloaderError } from "../errors.ts";
import { type Lease, type Store, takeLease } from "../store/index.ts";
import { fromCallback } from "../xstate.ts";
import { childEnvironment } from "./child-environment.ts";
import { type Child, startChild } from "./child.ts";
import type { Held } from "./held.ts";
import { watchRecall } from "./link-watch.ts";
import type { SuperviseOptions } from "./options.ts";
import type { Reporter } from "./report.ts";

/** What the app of a version that an operator took back ends with, whatever it said: the loader itself asked for it. */
const RECALLED: ChildExit = { kind: "code", code: 42 };

/**
 * Runs one child. While it lives the loader holds a lease on its tree, so that no clean-up pulls it away, and watches
 * for `dockerloader rollback`: the app is then stopped like any other and its end counts as a request to be started
 * again, which starts what the links show by then.
 */
export function childAdapter(store: Store, options: SuperviseOptions, held: Held, report: Reporter): ChildPort {
  return fromCallback(({ input: { plan }, sendBack, receive }) => {
    const { config, log } = options;
    let recalled = false;
    let unwatch = (): void => {};
    const { child, lease } = launch(store, options, held, plan, (exit) => {
      held.child = undefined;
      lease?.release();
      unwatch();
      sendBack({ type: "CHILD.EXITED", exit: recalled ? RECALLED : exit });
    });
    held.child = child;
    if (child.pid !== undefined) {
      log.emit({ type: "child.spawned", childPid: child.pid, ...report.describeRun(runnable(plan)) });
    }
    const stop = (signal: `SIG${string}`): void => {
      log.emit({ type: "child.stopping", signal, graceMs: config.stopGraceMs });
      held.child?.stop(signal);
    };
    unwatch = watchRecall(store, runnable(plan).digest, () => {
      recalled = true;
      stop("SIGTERM");
    });
    receive((command) => {
      if (command.type === "STOP") stop(command.signal);
      else if (command.type === "KILL") held.child?.kill("it has to end now");
      else held.child?.signal(command.signal);
    });
  });
}

function runnable(plan: LaunchPlan): Exclude<LaunchPlan, { kind: "empty" }> {
  if (plan.kind === "empty") throw new DockerloaderError("INTERNAL", "there is no plan to launch");
  return plan;
}

function launch(
  store: Store,
  options: SuperviseOptions,
  held: Held,
  planned: LaunchPlan,
  onExit: (exit: ChildExit) => void,
): { child: Child; lease: Lease | undefined } {
  const { layout } = store;
  const { log, config } = options;
  const plan = runnable(planned);
  const link = plan.kind === "trial" ? layout.attempting : layout.entrypoint;
  const path = layout.executable(plan.digest);
  log.emit({ type: "child.spawning", link, target: path, trial: plan.kind === "trial" });
  held.startRun(randomUUID());
  const lease = takeLease(store, plan.digest);
  const child = startChild({
    path,
    argv0: link,
    args: options.args,
    env: childEnvironment(options.env, plan, layout.dataDir),
    runId: held.runId,
    graceMs: config.stopGraceMs,
    onExit,
    onKill: (reason) => log.emit({ type: "child.killed", reason }),
  });
  return { child, lease };
}
