import { needs } from "../../../support/preconditions.ts";

const TOOLS = ["docker-registry", "buildah", "skopeo", "openssl", "htpasswd", "nginx", "unshare"] as const;

/** The options of a suite against real registries. */
export function needsRegistries(): { readonly skip?: string } {
  return needs("the tests against real registries", TOOLS);
}
