import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quoteWord, quoteWords } from "../core/shell.js";
import type { Io } from "./command.js";
import { DEPOSITS } from "./demo-deposits.js";
import { cellGraph, isCellGraph } from "./demo-graph.js";
import { demoPlaces } from "./demo-stations.js";
import { makeOnce } from "./demo-steps.js";

const program = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
/** No secrets: the stand-in checks no signature, but programs for buckets want a key. */
const KEY = { AWS_ACCESS_KEY_ID: "stand-in-key", AWS_SECRET_ACCESS_KEY: "stand-in-secret" };

export interface Played {
  readonly portalsUrl: string;
  readonly bucketEnv: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Makes what the whole way begins with: a laboratory, a drive, a portal, a bucket. Prints for each the command that makes it. */
export async function makeBeginning(dest: string, { json, reveal }: Io): Promise<Played> {
  const { lab, drive, bucket, portal, graph } = demoPlaces(dest);
  const say = json ? () => {} : reveal;
  const deposits = DEPOSITS.map(({ name }) => name);
  const [{ generateLab, generateMicroscopy }, { generateArchive }, { startOfflinePortals }, { startBucket }] = await Promise.all([
    import("../../examples/lab/generate.mjs"),
    import("../../examples/archive/generate.mjs"),
    import("../../examples/portals/server.mjs"),
    import("../../examples/portals/bucket-folder.mjs"),
  ]);
  const start = (name: string, ...words: string[]) => quoteWords(["node", program(name), ...words]);
  say("\n# A laboratory's deposits, and one of its drives");
  say(`$ ${start("lab/generate.mjs", "--out", lab, "--deposits", deposits.join(","), "--sections", "all")}`);
  await makeOnce(lab, (out) => generateLab({ out, deposits, sections: "all" }));
  say(`$ ${start("archive/generate.mjs", "--out", drive, "--drives", "5")}`);
  await makeOnce(drive, (out) => generateArchive({ out, drives: [5] }));
  await makeOnce(join(dest, "microscopy"), (out) => generateMicroscopy({ out }));
  const portals = await startOfflinePortals();
  const played = await startBucket({ folder: bucket, bucket: "portal" });
  const port = (url: string) => new URL(url).port;
  say("\n# A portal and a bucket, on this machine alone, until the demo ends");
  const ports = ["--port", port(portals.url), "--bucket-folder", bucket, "--bucket-port", port(played.url)];
  say(`$ ${start("portals/serve.mjs", ...ports)} &`);
  const bucketEnv = { AWS_ENDPOINT_URL_S3: played.url, ...KEY };
  say(`$ export ${quoteWords(Object.entries(bucketEnv).map(([name, value]) => `${name}=${value}`))}`);
  const text = cellGraph(dest, portal);
  const there = await readFile(graph, "utf8").catch(() => undefined);
  if (there !== undefined && !isCellGraph(there)) {
    say(`\n# A graph of what is computed on the cell: ${graph} is not as the demo writes it, and is kept`);
  } else {
    say("\n# A graph of what is to be computed on the cell");
    say([`$ cat > ${quoteWord(graph)} <<'END'`, ...text.trimEnd().split("\n"), "END"].join("\n> "));
    // a file that is newer would be another graph to those who go by times
    if (there !== text) await writeFile(graph, text);
  }
  return {
    portalsUrl: portals.url,
    bucketEnv,
    async close() {
      await Promise.all([portals.close(), played.close()]);
    },
  };
}
