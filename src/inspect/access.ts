import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const TOKEN_BYTES = 18;

export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The cookie's name; cookies know no ports, and several loaders may be looked at from one browser. */
export const cookieName = (port: number): string => `dockerloader-${port}`;

/** How a request may look: with the token in its address (then it gets the cookie), with the cookie, or not at all. */
export function accessOf(request: IncomingMessage, url: URL, token: string, port: number): "token" | "cookie" | "none" {
  const given = url.searchParams.get("token");
  if (given !== null && same(given, token)) return "token";
  for (const part of request.headers.cookie?.split(";") ?? []) {
    const [name, value = ""] = part.trim().split("=");
    if (name === cookieName(port) && same(value, token)) return "cookie";
  }
  return "none";
}
