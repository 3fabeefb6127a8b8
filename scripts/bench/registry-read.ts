/** The least that Node can do: reads an address to its end and throws every byte away. `node registry-read.ts URL` */
import { once } from "node:events";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";

const [, , url = ""] = process.argv;
const [started, cpu] = [performance.now(), process.cpuUsage()];
const request = url.startsWith("https:") ? getHttps(url) : getHttp(url);
const [answer] = (await once(request, "response")) as [IncomingMessage];
if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
answer.resume();
await once(answer, "end");
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ wallMs: performance.now() - started, cpuMs: (user + system) / 1000 }));
process.exit();
