import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type Dirent, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sourcesDigest } from "../../scripts/compiled.mjs";
import { madeOnce } from "./cluster-template.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A file with what a demo has printed: `.ci/run` makes one by the README's command, and suites that need one need not make it again. */
export const EARLIER_DEMO = process.env.EMPORIUM_TEST_DEMO;
/** The folder in which that one was made: the root of this clone, or of the one that `EMPORIUM_TEST_DEMO_CLONE` names. */
export const EARLIER_ROOT = process.env.EMPORIUM_TEST_DEMO_CLONE ?? ROOT;

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

/** Digests of these contents, by the keys of the files. */
export function digestsOf(folder: string, out?: string): Record<string, string> {
  const digest = (content: string) => createHash("sha256").update(content, "latin1").digest("hex");
  return Object.fromEntries([...contentsOf(folder, out)].map(([key, content]) => [key, digest(content)]));
}

/**
 * What a demo leaves that nobody disturbs: digests, once for all suites and runs with the same sources.
 *
 * @param folder where one has just been made; else, if none was, one is made for it
 */
export async function undisturbed(folder?: string): Promise<Record<string, string>> {
  const kept = await madeOnce(`demo-${programIdentity(import.meta.url)}`, NAME, async (place) => {
    if (folder === undefined) {
      const { status, err } = await runDemo(place);
      if (status !== 0) throw new Error(err);
    }
    writeFileSync(join(place, NAME), JSON.stringify(digestsOf(folder ?? place), undefined, 1));
  });
  return JSON.parse(readFileSync(join(kept, NAME), "utf8")) as Record<string, string>;
}

const NAME = "contents.json";

/** Of the program and of what it plays. @param maker URL of the file that says what is made of them */
export function programIdentity(maker: string): string {
  identity ??= identityNow();
  return createHash("sha256")
    .update(identity)
    .update(readFileSync(fileURLToPath(maker)))
    .digest("hex")
    .slice(0, 16);
}

let identity: string | undefined;
function identityNow(): string {
  const hash = createHash("sha256").update(sourcesDigest());
  const examples = fileURLToPath(new URL("../../examples", import.meta.url));
  for (const entry of readdirSync(examples, { recursive: true, withFileTypes: true }).sort(byPath))
    if (entry.isFile()) hash.update(join(entry.parentPath, entry.name)).update(readFileSync(join(entry.parentPath, entry.name)));
  return hash.digest("hex");
}

const byPath = (one: Dirent, other: Dirent) => (join(one.parentPath, one.name) < join(other.parentPath, other.name) ? -1 : 1);

function contentOf(path: string, folder: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith(".mrc")) return bytes.fill(0, 224, 1024).toString("latin1");
  const text = bytes.toString("latin1");
  if (!/\.(?:json|yaml)$/.test(path)) return text;
  // of this one, and of the earlier one that is copied there
  const folders = [folder, ...(EARLIER_DEMO ? [EARLIER_ROOT] : [])];
  // as it is, and in ASCII alone
  const escaped = folders.map((one) =>
    one.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
  const spellings = [...folders.map((one) => Buffer.from(one).toString("latin1")), ...escaped];
  return spellings
    .reduce((left, one) => left.replaceAll(one, ""), text)
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
 * @param as the program that is installed somewhere, what runs it, and the environment; by default that of this checkout
 * @returns its exit status; null where it was killed
 */
export async function runDemo(
  folder: string,
  kill?: Moment,
  more: readonly string[] = ["--train", "0"],
  as: { node?: string; program?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(as.node ?? process.execPath, [as.program ?? program, "demo", "--once", ...more], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: as.env ?? { ...process.env, EMPORIUM_WORKSPACE: "" },
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
