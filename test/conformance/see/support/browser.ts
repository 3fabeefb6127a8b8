import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** Debian's chromium, without a window, a sandbox (these tests run as root) or anything that talks to the internet. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: apt-get install chromium`);
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Look {
  readonly page: Page;
  /** What the page complained of, and every address it asked for. */
  readonly complaints: readonly string[];
  readonly asked: readonly string[];
}

/** Opens a page of one size and colour scheme and listens to what it does. */
export async function look(
  browser: Browser,
  url: string,
  { width, scheme = "light" }: { readonly width: number; readonly scheme?: "light" | "dark" },
): Promise<Look> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await page.goto(url);
  await page.locator("#link.live").waitFor();
  return { page, complaints, asked };
}
