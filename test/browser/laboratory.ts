import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Portal } from "../../src/server/portal.js";
import { viewerLink } from "../../src/server/viewer.js";
import { treeViews } from "../../src/server/views.js";
import { fileStore } from "../../src/stores/file/store.js";
import { serveFolder } from "../peers/serve-kit.js";

const EMPORIUM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
export const VIEWER = fileURLToPath(new URL("../../dist/viewer", import.meta.url));
const TIMEOUT_MS = 280_000;

/** A tree and a page behind one address. */
export interface Published {
  readonly url: string;
  /** URL of the page, ends with a slash. */
  readonly page: string;
  /** The link that opens a view. @param part of its key: `10401/TS_0001` */
  link(part: string): string;
  /** The state of that view as it lies in the tree. */
  state(part: string): Promise<unknown>;
}

/** The demo as a person runs it, and deposits of its laboratory once more, as OME-Zarr 0.5. */
export interface Laboratory {
  readonly demo: Published;
  readonly sharded: Published;
  remove(): Promise<void>;
}

interface DemoPage {
  url: string;
  page: string;
  views: { key: string; link: string }[];
}

export async function makeLaboratory(): Promise<Laboratory> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-viewer-"));
  const demo = spawn(process.execPath, [EMPORIUM, "demo", "--port", "0", "--train", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => demo.on("exit", () => resolve()));
  let sharded: Portal | undefined;
  const remove = async () => {
    demo.kill("SIGINT");
    await ended;
    await sharded?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const served = await new Promise<DemoPage>((resolve, reject) => {
      let out = "";
      demo.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        if (out.endsWith("\n}\n")) resolve(JSON.parse(out) as DemoPage);
      });
      void ended.then(() => reject(new Error(`the demo has ended: ${out}`)));
    });
    const output = join(folder, "demo-out", "sharded");
    sharded = await serveFolder(output, { viewer: VIEWER });
    for (const name of ["imod", "cell"]) {
      const words = ["ingest", "run", `demo-out/lab/${name}.yaml`, "demo-out/lab/input", output, "--import-everything"];
      const more = ["--ome-zarr", "0.5"];
      await promisify(execFile)(process.execPath, [EMPORIUM, ...words, ...more], { cwd: folder, timeout: TIMEOUT_MS });
    }
    const { url, files, viewer: page } = sharded;
    const found = await treeViews(fileStore(output));
    const views = found.map(({ key }) => ({ key, link: viewerLink(page, `${files}/${key}`) }));
    return { demo: published(served), sharded: published({ url, page, views }), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function published({ url, page, views }: DemoPage): Published {
  const link = (part: string) => {
    const found = views.find(({ key }) => key.includes(part));
    if (!found) throw new Error(`no view of ${part} among ${views.map(({ key }) => key).join(", ")}`);
    return found.link;
  };
  return { url, page, link, state: async (part) => (await fetch(link(part).split("#!")[1]!)).json() };
}
