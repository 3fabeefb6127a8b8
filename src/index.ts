/** The app library: an app that updates itself inside its container. */
export { initDockerloaded, type Loaded } from "./app/init.ts";
export { markReady, type Ready, type ReadyOptions } from "./app/ready.ts";
export { checkForUpdate, type CheckResult } from "./app/update.ts";
export { startUpdateLoop, type UpdateLoop, type UpdateLoopEvents, type UpdateLoopOptions } from "./app/update-loop.ts";
export { requestRestart, type RestartHook } from "./app/restart.ts";
export { isCliMode } from "./app/cli-mode.ts";
export type { AppOptions } from "./app/session.ts";
export type { UpdateFault, UpdateResult } from "../machines/ports.ts";
export { DockerloaderError, type ErrorCode, RESTART_EXIT_CODE } from "./errors.ts";
export type { Logger } from "./log/logger.ts";
export type { LoaderEvent } from "./log/events.ts";
