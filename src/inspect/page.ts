import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** The page and the policy it is served with. */
export interface Page {
  readonly html: string;
  /** Nothing but this page's own style and script, by their hashes; nothing from anywhere else. */
  readonly policy: string;
}

/** Reads the page (made by `npm run diagrams`) that lies beside this file, or beside the bundle. */
export function loadPage(): Page {
  const html = readFileSync(new URL("page.html", import.meta.url), "utf8");
  const hashes = (tag: string): string =>
    [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))]
      .map(([, text = ""]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`)
      .join(" ");
  const policy = [
    "default-src 'none'",
    `style-src ${hashes("style")}`,
    `script-src ${hashes("script")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}
