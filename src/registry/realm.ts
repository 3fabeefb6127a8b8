import { DockerloaderError } from "../errors.ts";
import { checkForeignUrl, isLoopback, isPrivateLiteral, type Listed } from "./hosts.ts";

export interface RealmRules {
  readonly listed: Listed;
  /** Hosts that may get credentials besides the registry's own. Undefined: any that passes the other rules. */
  readonly trusted: readonly string[] | undefined;
}

/**
 * Holds the address of a token service, which the registry named, against the rules before any credential leaves: a
 * compromised registry must not send our password elsewhere (CVE-2026-48978). Throws REGISTRY_PROTOCOL.
 */
export function checkRealm(text: string, registry: URL, { listed, trusted }: RealmRules): URL {
  const absolute = URL.parse(text);
  if (absolute === null) throw refuse(registry, "at an address that is no URL");
  if (absolute.hash !== "") throw refuse(registry, "at an address with a fragment");
  const realm = checkForeignUrl(text, registry, listed);
  if (realm.host === registry.host) return realm;
  const local = isPrivateLiteral(realm.hostname) || isLoopback(realm.hostname);
  const ourselves = isPrivateLiteral(registry.hostname) || isLoopback(registry.hostname);
  if (local && !ourselves && !listed(realm)) throw refuse(registry, `at the private address ${realm.host}`);
  if (trusted !== undefined && !trusted.includes(realm.host) && !trusted.includes(realm.hostname)) {
    throw refuse(registry, `at ${realm.host}, which DOCKERLOADER_TRUSTED_REALMS does not list`);
  }
  return realm;
}

function refuse(registry: URL, why: string): DockerloaderError {
  return new DockerloaderError("REGISTRY_PROTOCOL", `${registry.host} asks us to get a token ${why}`, {
    hint: "if you trust it, list the host in DOCKERLOADER_TRUSTED_REALMS",
  });
}
