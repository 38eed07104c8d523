import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "../../../stores/url.js";
import type { Script } from "./render.js";

/**
 * Writes scripts into a folder, each whole or not at all. Existing scripts are replaced.
 *
 * @returns their paths
 */
export async function writeScripts(folder: string, scripts: readonly Script[], signal?: AbortSignal): Promise<string[]> {
  const store = await openStore(folder);
  const paths: string[] = [];
  for (const { name, text, mode } of scripts) {
    await store.write(name, new TextEncoder().encode(text), { contentType: "text/x-shellscript", signal });
    if (store.local) await chmod(store.local.path(name), mode);
    paths.push(join(folder, name));
  }
  return paths;
}
