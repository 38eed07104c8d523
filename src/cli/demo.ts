import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import { command, type Io } from "./command.js";
import { inCell } from "./demo-graph.js";
import { makeBeginning } from "./demo-made.js";
import { trainNetwork } from "./demo-network.js";
import { refuseOthersFolder } from "./demo-own.js";
import { serveTree } from "./demo-pages.js";
import { type DemoStation, demoPlaces, demoStations } from "./demo-stations.js";
import { type DemoResult, failedStep, runDemoStep } from "./demo-steps.js";
import { bytesBelow, type StationRow, stationTable } from "./demo-table.js";
import { wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";

/** A real reconstruction, where the public sample files lie beside the checkout. */
const SAMPLE = fileURLToPath(new URL("../../../shared/data/mrc/rec3D.rec", import.meta.url));

export default command({
  name: "demo",
  summary: "Go the whole way with a miniature laboratory, from a portal to a page in a browser",
  details: [
    "Plays a portal and a bucket on this machine, makes six deposits of a laboratory and one of its drives (always the same bytes), and goes the whole way: harvest, inspect, curate, configure, ingest, validate, verify, catalog, publish, blocks, pages. Each step is an ordinary command, which is printed before it is run and can be typed, and after each part the demo says what a person would do next. At the end a table has the seconds and bytes of each part.",
    "Where there is a Python with NumPy and PyTorch ($EMPORIUM_PYTHON, or python3), a small network learns the cell's membrane, and a picture shows what it finds. In all the demo takes at most 90 seconds on two cores that are idle.",
    "Stopped or killed at any moment and given again, it goes on where it was. A step that fails ends it, and it says which one. Given with another workspace, it makes its outputs anew; a folder that holds something else where they go is refused.",
    "Then it serves the tree to this machine only, prints the pages of its tomograms and links to their views in Neuroglancer, and runs until Ctrl-C. It ends at once with --once, and also without a terminal unless --port is given.",
  ],
  options: z.object({
    once: z.boolean().default(false).meta({ description: "end when all steps are done" }),
    port: wholeNumber(0, 65535)
      .optional()
      .meta({ description: "port of the page on 127.0.0.1; 0 for any (default: 8080, or any if that is taken)", value: "N" }),
    dest: z.string().min(1, "a folder").default("demo-out").meta({ description: "folder to create", value: "DIR" }),
    volume: z.string().optional().meta({ description: "also convert this MRC volume", value: "FILE" }),
    train: wholeNumber(0, 86_400).default(15).meta({
      description: "seconds for which a small network is trained, where Python has PyTorch; 0: not at all",
      value: "SECONDS",
    }),
  }),
  examples: [{ run: "emporium demo --once", says: "everything into demo-out" }],
  async run({ once, port, dest, train, volume = existsSync(SAMPLE) ? SAMPLE : undefined }, io) {
    if (once && port !== undefined) {
      throw new EmporiumError("USAGE", "--once ends, --port is where a page stays", { hint: "give one of them" });
    }
    const { portal, picture } = demoPlaces(dest);
    await refuseOthersFolder(dest);
    await mkdir(dest, { recursive: true });
    const stays = !once && (io.attended || port !== undefined);
    const tree = stays ? await serveTree(portal, port, io) : undefined;
    try {
      const measured = await startMeter(dest, io);
      const { results, rows, failed } = await goTheWay(dest, volume, measured, io);
      if (failed) {
        const errors = failedStep(failed, "demo", io);
        if (io.json) io.outJson({ steps: results, errors });
        return failed.exitStatus;
      }
      const network =
        train > 0 ? await trainNetwork({ ...inCell(portal), picture, seconds: train, env: process.env }, io) : undefined;
      if (network) {
        results.push(network);
        rows.push(await measured("network"));
      }
      const views = (await tree?.views()) ?? [];
      if (io.json) {
        const pages = tree ? { url: tree.url, page: tree.page, views } : {};
        io.outJson({ steps: results, parts: rows, ...pages, errors: network?.errors ?? [] });
      } else {
        io.out(`\n${stationTable(rows)}`);
        io.out(`\nThe tree is in ${portal}: each .zarr opens with zarr-python and ome-zarr, each .mrc with mrcfile and IMOD.`);
        io.out(`\n# Pages, with the catalogue\n$ emporium serve ${quoteWord(portal)}`);
        if (tree) {
          io.out(`\n${tree.url}/ has its pages, until Ctrl-C.`);
          io.out(`\n${["Its tomograms:", ...views.flatMap(({ page }) => page ?? [])].join("\n")}`);
          io.out(`\n${["Its views in Neuroglancer, until Ctrl-C:", ...views.map(({ link }) => link)].join("\n")}`);
        }
      }
      if (tree) await toldToStop(io.signal);
      return network?.exitStatus ?? 0;
    } finally {
      await tree?.close();
    }
  },
});

interface Way {
  results: DemoResult[];
  rows: StationRow[];
  /** The step that ended it. */
  failed?: DemoResult;
}

/** Every part in turn, until a step fails. The portal and the bucket are played meanwhile. */
async function goTheWay(dest: string, volume: string | undefined, measured: Meter, io: Io): Promise<Way> {
  const results: DemoResult[] = [];
  const rows: StationRow[] = [];
  const played = await makeBeginning(dest, io);
  rows.push(await measured("beginning"));
  try {
    const stations = demoStations({ dest, volume, ...played });
    for (const [at, station] of stations.entries()) {
      if (!io.json) io.out(`\n== ${at + 1} of ${stations.length}: ${station.name}`);
      for (const step of station.steps) {
        const done = await runDemoStep(step, io);
        results.push(done);
        if (isAbsentDatabase(station, done)) {
          if (!io.json) io.out("skipped: needs the embedded PostgreSQL (emporium doctor says more)");
          break;
        }
        if (done.exitStatus !== 0) return { results, rows, failed: done };
      }
      rows.push(await measured(station.name));
      if (!io.json) io.out(`\nNext you would ${station.next}`);
    }
    return { results, rows };
  } finally {
    await played.close();
  }
}

/** Some systems have no embedded PostgreSQL: all else is shown there. */
function isAbsentDatabase({ name }: DemoStation, { errors }: DemoResult): boolean {
  return name === "catalog" && errors.some(({ code }) => code === "DATABASE_EMBEDDED");
}

/** What was done since the row before. */
type Meter = (name: string) => Promise<StationRow>;

/** Counting all files takes a while, so the end of one part is the beginning of the next. */
async function startMeter(dest: string, { clock, workspace }: Io): Promise<Meter> {
  const folders = [dest, workspace];
  let bytesBefore = await bytesBelow(folders);
  let fromMs = clock.monotonic();
  return async (name) => {
    const seconds = (clock.monotonic() - fromMs) / 1000;
    const bytes = await bytesBelow(folders);
    const row = { name, seconds, bytes: Math.max(0, bytes - bytesBefore) };
    bytesBefore = bytes;
    fromMs = clock.monotonic();
    return row;
  };
}
