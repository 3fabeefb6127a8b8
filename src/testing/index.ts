/** Fakes for tests of your own: a registry in this process and a builder of images. Real sockets, nothing to install. */
export {
  type IndexEntry,
  type RegistryOptions,
  type SeenRequest,
  startRegistry,
  type TestRegistry,
} from "./registry.ts";
export { buildImage, type BuiltImage, type ImageInput } from "./image.ts";
export type { FileSpec, LayerInput } from "./layer.ts";
export type { Fault, FaultPlan, FaultRequest } from "./faults.ts";
export { type ConnectionFault, type ConnectionPlan, startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
export { createIdentity, type ServerIdentity } from "./certificate.ts";
export type { AuthOptions } from "./access.ts";
export type { Digest } from "../digest.ts";
