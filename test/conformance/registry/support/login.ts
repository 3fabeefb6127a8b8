import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must } from "../../../container/support/command.ts";

/** Has skopeo write credentials for a registry or a namespace of it into a file; its path. */
export async function login(folder: string, where: string, user: string, password: string): Promise<string> {
  const file = join(folder, `auth-${where.replaceAll("/", "-")}.json`);
  const how = ["--authfile", file, "--tls-verify=false", "--username", user, "--password", password];
  await must("skopeo", ["login", ...how, where]);
  return file;
}

/** Writes such a file by hand, for what no tool writes; its path. */
export async function writeLogin(folder: string, where: string, entry: object): Promise<string> {
  const file = join(folder, "auth-by-hand.json");
  await writeFile(file, JSON.stringify({ auths: { [where]: entry } }));
  return file;
}
