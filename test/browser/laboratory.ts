import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DepositName, generateLab } from "../../examples/lab/generate.mjs";
import type { Portal } from "../../src/server/portal.js";
import { viewerLink } from "../../src/server/viewer.js";
import { treeViews } from "../../src/server/views.js";
import { fileStore } from "../../src/stores/file/store.js";
import { ingestDeposit } from "../made-tree.js";
import { serveFolder } from "../peers/serve-kit.js";

export const VIEWER = fileURLToPath(new URL("../../dist/viewer", import.meta.url));
/** One of each deposit. */
const RUNS = "^(?:TS_0001|run_001|TS_1|cell_01)$";

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

/** Deposits of the miniature laboratory, and two of them once more as OME-Zarr 0.5. That the demo's own links open them, `cli-examples` looks at. */
export interface Laboratory {
  readonly chunked: Published;
  readonly sharded: Published;
  remove(): Promise<void>;
}

export async function makeLaboratory(): Promise<Laboratory> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-viewer-"));
  const portals: Portal[] = [];
  const remove = async () => {
    for (const portal of portals) await portal.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const publish = async (name: string, deposits: readonly DepositName[], ...more: string[]): Promise<Published> => {
    const tree = join(folder, name);
    const words = ["--filter-run-name", RUNS, "--workspace", join(folder, "workspace"), ...more];
    for (const deposit of deposits) await ingestDeposit(join(folder, "lab"), deposit, tree, ...words);
    const portal = await serveFolder(tree, { viewer: VIEWER });
    portals.push(portal);
    return published(
      portal,
      (await treeViews(fileStore(tree))).map(({ key }) => key),
    );
  };
  try {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod", "aretomo", "sim", "cell", "annotations"], sections: "all" });
    const chunked = await publish("tree", ["imod", "aretomo", "sim", "cell", "annotations"]);
    return { chunked, sharded: await publish("sharded", ["imod", "cell"], "--ome-zarr", "0.5"), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function published({ url, files, viewer: page }: Portal, keys: readonly string[]): Published {
  const link = (part: string) => {
    const found = keys.find((key) => key.includes(part));
    if (!found) throw new Error(`no view of ${part} among ${keys.join(", ")}`);
    return viewerLink(page!, `${files}/${found}`);
  };
  return { url, page: page!, link, state: async (part) => (await fetch(link(part).split("#!")[1]!)).json() };
}
