import { createHash } from "node:crypto";

/** Where the inspector lives. The only other host that a page of ours may ever load, and only on this command. */
export const STATELY_ORIGIN = "https://stately.ai";

const STYLE = "html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}";

/** Holds back what comes before the inspector says that it listens; speaks to its origin alone. */
const SCRIPT = `
const frame = document.querySelector("iframe");
const early = [];
let connected = false;
const pass = (event) => frame.contentWindow.postMessage(event, ${JSON.stringify(STATELY_ORIGIN)});
addEventListener("message", ({ origin, data }) => {
  if (origin !== ${JSON.stringify(STATELY_ORIGIN)} || data?.type !== "@statelyai.connected") return;
  connected = true;
  for (const event of early.splice(0)) pass(event);
});
new EventSource("events" + location.search).onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (connected) pass(event); else early.push(event);
};`;

export function statelyPage(): { readonly html: string; readonly policy: string } {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return {
    html: `<!doctype html><html lang="en"><title>dockerloader in the Stately inspector</title><style>${STYLE}</style><iframe title="Stately inspector" src="${STATELY_ORIGIN}/inspect"></iframe><script>${SCRIPT}</script></html>`,
    policy: `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; connect-src 'self'; frame-src ${STATELY_ORIGIN}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
