import type { IncomingMessage, ServerResponse } from "node:http";
import { type Fault, sendWithFault } from "./faults.ts";

/** What the registry keeps of an answer while it is being given. */
export interface AnswerRecord {
  status: number;
  bodyBytes: number;
}

/** One request on its way to an answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly fault: Fault | undefined;
  readonly record: AnswerRecord;
}

export type AnswerHeaders = Readonly<Record<string, string>>;

/** The only way to answer: notes the status and what of the body was sent, and plays the fault. HEAD, 204 and 304 have no body. */
export function send(
  exchange: Exchange,
  status: number,
  headers: AnswerHeaders = {},
  body: Buffer = Buffer.alloc(0),
): void {
  const { request, response, fault, record } = exchange;
  record.status = status;
  if (status === 204 || status === 304) {
    response.writeHead(status, headers).end();
    return;
  }
  const length = body.length + (fault?.kind === "length" ? fault.by : 0);
  const replaced = fault?.kind === "headers" ? fault.headers : {};
  const sized = fault?.kind === "endless" ? {} : { "content-length": String(length) };
  response.writeHead(status, { ...headers, ...sized, ...replaced });
  if (request.method === "HEAD") response.end();
  else record.bodyBytes = sendWithFault(response, body, fault);
}

/** An error in the form of the distribution specification ("Error Codes"). */
export function sendError(exchange: Exchange, status: number, code: string, headers: AnswerHeaders = {}): void {
  const body = { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] };
  send(exchange, status, { ...headers, "content-type": "application/json" }, Buffer.from(JSON.stringify(body)));
}
