import type { LaunchPlan } from "../../machines/ports.ts";
import type { Environment } from "../config/load.ts";

/**
 * The app's environment: the loader's own, whole, with the variables we own set or taken away. What an operator put
 * into DOCKERLOADER_TRIAL by mistake never reaches an app that is not on trial.
 */
export function childEnvironment(
  env: Environment,
  plan: LaunchPlan,
  dataDir: string,
): Record<string, string | undefined> {
  const { DOCKERLOADER_TRIAL: _trial, DOCKERLOADER_DIGEST: _digest, ...rest } = env;
  return {
    ...rest,
    DOCKERLOADER_DATA_DIR: dataDir,
    ...(plan.kind === "empty" ? {} : { DOCKERLOADER_DIGEST: plan.digest }),
    ...(plan.kind === "trial" ? { DOCKERLOADER_TRIAL: "1" } : {}),
  };
}
