import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What the whole way leaves, and readers may see: what was harvested, the tree, the bucket, what was computed. */
export const LEFT = ["harvest/12407", "drive/batches", "drive/packages", "portal", "s3/portal", "blocks"];

/** Documents that a later deposition adds to: at a moment in between they rightly hold less than at the end. */
export const GROWING = /\/(?:NeuroglancerPrecompute|Images)\/|manifest\.json$/;

/**
 * The visible files below a demo's folder, by their keys. What is of the moment or the place alone is taken out: when a file was made, the folder that all
 * is in, and the labels of MRC files, which tell the time.
 */
export function contentsOf(folder: string, out = "demo-out"): Map<string, string> {
  const contents = new Map<string, string>();
  for (const place of LEFT) {
    const root = join(folder, out, place);
    if (!existsSync(root)) continue;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const key = relative(join(folder, out), path);
      if (entry.isFile() && !key.split("/").some((name) => name.startsWith(".emporium") || name.endsWith(".part")))
        contents.set(key, contentOf(path, folder));
    }
  }
  return contents;
}

function contentOf(path: string, folder: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith(".mrc")) return bytes.fill(0, 224, 1024).toString("latin1");
  const text = bytes.toString("latin1");
  if (!/\.(?:json|yaml)$/.test(path)) return text;
  return text
    .replaceAll(folder, "")
    .replace(/"(?:last_updated_at|created)": (?:[\d.]+|"[^"]*")/g, "")
    .replace(/"file:\/\/[^"]*"/g, "");
}

/** A moment of a demo: so long after it has printed so many commands, however fast the machine is. */
export interface Moment {
  readonly commands: number;
  readonly delayMs: number;
}

/**
 * Runs the demo in a folder; at a moment its whole process group is killed.
 *
 * @param more words for it; by default no network is trained
 * @returns its exit status; null where it was killed
 */
export async function runDemo(
  folder: string,
  kill?: Moment,
  more: readonly string[] = ["--train", "0"],
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [program, "demo", "--once", ...more], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, EMPORIUM_WORKSPACE: "" },
  });
  let [out, err] = ["", ""];
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (kill === undefined || timer !== undefined || commandsIn(out) < kill.commands) return;
    timer = setTimeout(() => child.exitCode === null && process.kill(-child.pid!, "SIGKILL"), kill.delayMs);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [status] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { status, out, err };
}

/** How many commands a demo has printed. */
export const commandsIn = (printed: string): number => printed.match(/^\$ /gm)?.length ?? 0;
