import { needs } from "../../support/preconditions.ts";

const TOOLS = ["podman", "buildah", "runc", "docker-registry", "debootstrap", "tar", "npm"] as const;

/** The options of a suite that needs real containers. */
export function needsContainers(): { readonly skip?: string } {
  return needs("the container tests", TOOLS);
}
