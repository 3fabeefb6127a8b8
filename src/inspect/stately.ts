import { createServer, type ServerResponse } from "node:http";
import { supervisorMachine, updateMachine } from "../../machines/index.ts";
import { DockerloaderError } from "../errors.ts";
import { parseLines, type Recorded } from "../log/parse.ts";
import { followJournal, type Store } from "../store/index.ts";
import { accessOf, createToken } from "./access.ts";
import { listen } from "./listen.ts";
import { urlOf } from "./observe.ts";
import { STATELY_ORIGIN, statelyPage } from "./stately-page.ts";

export interface StatelyOptions {
  readonly store: Store;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly onListening: (url: string) => void;
}

/** Messages of the inspector's protocol that a new page gets: enough for what has just happened. */
const KEPT = 200;
const HOST = "127.0.0.1";

/**
 * For developers: tells both running machines to the Stately inspector, which is a page on the internet inside a page of
 * ours. Only names of states and events leave this machine, from the developer's browser; no digest and no reference.
 */
export async function serveStately({ store, port, signal, onListening }: StatelyOptions): Promise<void> {
  const { createInspector } = await loadInspector();
  const pages = new Set<ServerResponse>();
  let kept: string[] = [];
  const inspector = createInspector({
    send: (event: object) => {
      const message = `data: ${JSON.stringify(event)}\n\n`;
      kept = [...kept, message].slice(-KEPT);
      for (const page of pages) page.write(message);
    },
  });
  for (const machine of [supervisorMachine, updateMachine]) {
    inspector.actor(actorLike(machine), { status: "active", value: "idle" });
  }
  // The definitions stay first, whatever is forgotten later.
  const introductions = kept;
  kept = [];
  const move = (machine: string, type: string, value: unknown): void => {
    inspector.event(machine, { type });
    inspector.snapshot(machine, { status: "active", value }, { event: { type } });
  };
  const tell = ({ event }: Recorded): void => {
    if (event.type === "supervisor.step") move("supervisor", event.cause, valueOf(event.path));
    else if (event.type === "update.state") move("update", event.cause, event.state);
  };
  const follower = followJournal(store.fs, store.layout.events, (lines) => parseLines(lines).forEach(tell));

  const token = createToken();
  const { html, policy } = statelyPage();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (accessOf(request, url, token, 0) === "none") {
      response.writeHead(401).end();
      return;
    }
    const headers = { "cache-control": "no-store", "content-security-policy": policy };
    if (url.pathname !== "/events") {
      response.writeHead(200, { ...headers, "content-type": "text/html" }).end(html);
      return;
    }
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    response.write([...introductions, ...kept].join(""));
    pages.add(response);
    response.once("close", () => pages.delete(response)).on("error", () => {});
  });
  const listening = await listen(server, HOST, port);
  onListening(urlOf(HOST, listening.port, token));
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  follower.close();
  await listening.close();
}

/** As if it ran in this process: the inspector takes the definition that it draws from an actor's logic, and from nowhere else. */
function actorLike(machine: typeof supervisorMachine | typeof updateMachine) {
  const send = (): void => {};
  return { sessionId: machine.id, logic: { config: machine.config }, send, getSnapshot: () => undefined };
}

async function loadInspector() {
  try {
    return await import("@statelyai/inspect");
  } catch (error) {
    throw new DockerloaderError(
      "USAGE",
      "the bridge to the Stately inspector is a tool for developers and not installed",
      {
        cause: error,
        hint: `npm install @statelyai/inspect, or use \`dockerloader inspect\`, which needs nothing from ${STATELY_ORIGIN}`,
      },
    );
  }
}

/** The names of all active states as xstate writes them: a name, or an object of regions. */
export function valueOf(path: readonly string[]): unknown {
  const tree: Record<string, unknown> = {};
  for (const name of path) {
    let at = tree;
    for (const part of name.split(".")) at = (at[part] ??= {}) as Record<string, unknown>;
  }
  return flatten(tree);
}

function flatten(tree: Record<string, unknown>): unknown {
  const names = Object.keys(tree);
  const [only] = names;
  if (names.length === 1 && only !== undefined && Object.keys(tree[only] as object).length === 0) return only;
  return Object.fromEntries(names.map((name) => [name, flatten(tree[name] as Record<string, unknown>)]));
}
