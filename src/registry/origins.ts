import { connect, isIP } from "node:net";
import type { Limits } from "../limits.ts";
import { isTls, tlsGreeting } from "./greeting.ts";
import { isLoopback, type Listed } from "./hosts.ts";

/** The scheme of every registry, asked once. */
export interface Origins {
  /** `https://host/v2/`, or `http://host/v2/` where that is allowed and the host speaks no TLS. */
  readonly base: (registry: string) => Promise<URL>;
}

/**
 * https, always. Only this machine and listed hosts are looked at first: what answers a TLS greeting in clear text is
 * spoken to over http from then on. That happens before any credential is sent and is never asked again once answered,
 * so nobody can talk us down in the middle of a conversation.
 */
export function createOrigins(listed: Listed, limits: Limits): Origins {
  const known = new Map<string, URL>();

  const decide = async (registry: string): Promise<{ url: URL; sure: boolean }> => {
    const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
    const secure = new URL(`https://${host}/v2/`);
    if (!isLoopback(secure.hostname) && !listed(secure)) return { url: secure, sure: true };
    const plain = new URL(`http://${host}/v2/`);
    const answer = await greet(secure, limits.probeMs);
    // Nobody there (yet): with a port both schemes lead to the same door, and the next request asks again.
    return { url: answer === "tls" ? secure : plain, sure: answer !== "nobody" };
  };

  return {
    base: async (registry) => {
      const seen = known.get(registry);
      if (seen !== undefined) return seen;
      const { url, sure } = await decide(registry);
      if (sure) known.set(registry, url);
      return url;
    },
  };
}

/** Says hello in TLS and looks who answers. Sends nothing else: TLS itself, with its authorities, is loaded for those who speak it only. */
function greet({ hostname, port }: URL, ms: number): Promise<"tls" | "clear text" | "nobody"> {
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port || "443") });
    const end = (answer: "tls" | "clear text" | "nobody"): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ms, () => end("nobody"));
    socket.once("connect", () => socket.write(tlsGreeting(isIP(host) === 0 ? host : undefined)));
    socket.once("data", (answer) => end(isTls(answer) ? "tls" : "clear text"));
    socket.once("error", () => end("nobody"));
    socket.once("close", () => end("nobody"));
  });
}
