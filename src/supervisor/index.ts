/** The loader as a library: run an app and every version that follows it. */
export { supervise, type Supervisor } from "./run.ts";
export type { Seams, SuperviseOptions } from "./options.ts";
export type { LoaderStatus } from "./status.ts";
export { loadConfig, readConfig } from "../config/load.ts";
export type { Config } from "../config/table.ts";
export type { Logger } from "../log/logger.ts";
export type { LoaderEvent } from "../log/events.ts";
export { DockerloaderError, type ErrorCode } from "../errors.ts";
