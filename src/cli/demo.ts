import { mkdir } from "node:fs/promises";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command, type Io } from "./command.js";
import { inCell } from "./demo-graph.js";
import { makeBeginning } from "./demo-made.js";
import { trainNetwork } from "./demo-network.js";
import { refuseOthersFolder } from "./demo-own.js";
import { serveTree } from "./demo-pages.js";
import { type DemoStation, demoPlaces, demoStations, type Surroundings } from "./demo-stations.js";
import { type DemoResult, failedStep, runDemoStep } from "./demo-steps.js";
import { bytesBelow, type StationRow, stationTable } from "./demo-table.js";
import { wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";

export default command({
  name: "demo",
  summary: "Go the whole way with a miniature laboratory, from a portal to a page in a browser",
  details: [
    "Plays a portal and a bucket on this machine, makes six deposits of a laboratory and one of its drives (always the same bytes), and goes the whole way: harvest, inspect, curate, configure, ingest, validate, verify, catalog, publish, blocks, pages. Each step is an ordinary command, which is printed before it is run and can be typed, and after each part the demo says what a person would do next. At the end a table has the seconds and bytes of each part.",
    "Where there is a Python with NumPy and PyTorch ($EMPORIUM_PYTHON, or python3), a small network learns the cell's membrane, and a picture shows what it finds. In all the demo takes at most 90 seconds on two cores that are idle.",
    "The same command resumes a demo that was stopped or killed. A step that fails ends the demo and is named. With another workspace, the outputs are made again; a folder that holds anything else in their place is refused.",
    "Then it serves the tree to this machine only, prints the pages of its tomograms and links to their views in Neuroglancer, and runs until Ctrl-C. With --once, and without a terminal unless --port is given, it starts emporium serve on a free port instead, asks for its pages once, and ends.",
  ],
  options: z.object({
    once: z.boolean().default(false).meta({ description: "end when all steps are done" }),
    port: wholeNumber(0, 65535).optional().meta({
      description: "port of the pages on 127.0.0.1; 0 for any free port (default: 8080, or any free port if that is in use)",
      value: "N",
    }),
    dest: z.string().min(1, "a folder").default("demo-out").meta({ description: "folder to create", value: "DIR" }),
    volume: z.string().optional().meta({ description: "also convert this MRC volume", value: "FILE" }),
    train: wholeNumber(0, 86_400).default(15).meta({
      description: "seconds for which a small network is trained, where Python has PyTorch; 0: not at all",
      value: "SECONDS",
    }),
  }),
  examples: [{ run: "emporium demo --once", says: "everything into demo-out" }],
  async run({ once, port, dest, train, volume }, io) {
    if (once && port !== undefined) {
      throw new EmporiumError("USAGE", "--once and --port cannot be combined: --once serves no page", {
        hint: "give one of them",
      });
    }
    const { portal, picture } = demoPlaces(dest);
    await refuseOthersFolder(dest);
    await mkdir(dest, { recursive: true });
    const stays = !once && (io.attended || port !== undefined);
    const tree = stays ? await serveTree(portal, port, io) : undefined;
    try {
      const measured = startMeter(dest, io);
      const teach = async () =>
        train > 0 ? trainNetwork({ ...inCell(portal), picture, seconds: train, env: process.env }, io) : undefined;
      const { results, rows, failed, network } = await goTheWay({ dest, volume, ends: !stays }, teach, measured, io);
      if (failed) {
        const errors = failedStep(failed, "demo", io);
        if (io.json) io.outJson({ steps: results, errors });
        return failed.exitStatus;
      }
      const views = (await tree?.views()) ?? [];
      if (io.json) {
        const pages = tree ? { url: tree.url, page: tree.page, views } : {};
        io.outJson({ steps: results, parts: rows, ...pages, errors: network?.errors ?? [] });
      } else {
        io.out(`\n${stationTable(rows)}`);
        io.out(`\nThe tree is in ${portal}: each .zarr opens with zarr-python and ome-zarr, each .mrc with mrcfile and IMOD.`);
        if (tree) {
          io.out(`\nServing its pages at ${tree.url}/ (Ctrl-C stops).`);
          io.out(`\n${["Its tomograms:", ...views.flatMap(({ page }) => page ?? [])].join("\n")}`);
          io.out(`\n${["Its views in Neuroglancer:", ...views.map(({ link }) => link)].join("\n")}`);
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
  network?: DemoResult | undefined;
}

/** Every part in turn, until a step fails; a network that learns nothing ends none of them. The portal and the bucket are played meanwhile. */
async function goTheWay(
  given: Pick<Surroundings, "dest" | "volume" | "ends">,
  teach: () => Promise<DemoResult | undefined>,
  measured: Meter,
  io: Io,
): Promise<Way> {
  const way: Way = { results: [], rows: [] };
  const { results, rows } = way;
  const played = await makeBeginning(given.dest, io);
  rows.push(await measured("beginning"));
  try {
    const stations = demoStations({ ...given, ...played });
    for (const [at, station] of stations.entries()) {
      if (!io.json) io.out(`\n== ${at + 1} of ${stations.length}: ${station.name}`);
      for (const step of station.steps) {
        const done = await runDemoStep(step, io);
        results.push(done);
        if (isAbsentDatabase(station, done)) {
          if (!io.json) io.out("skipped: needs the embedded PostgreSQL (emporium doctor says more)");
          break;
        }
        if (done.exitStatus !== 0) return { ...way, failed: done };
      }
      rows.push(measured(station.name));
      if (!io.json) io.out(`\nNext you would ${station.next}`);
      if (station.name !== "blocks") continue;
      way.network = await teach();
      if (way.network === undefined) continue;
      results.push(way.network);
      rows.push(await measured("network"));
    }
    return way;
  } finally {
    await played.close();
  }
}

/** Some systems have no embedded PostgreSQL: all else is shown there. */
function isAbsentDatabase({ name }: DemoStation, { errors }: DemoResult): boolean {
  return (name === "catalog" || name === "pages") && errors.some(({ code }) => code === "DATABASE_EMBEDDED");
}

/** Ends a row: its seconds and bytes since the row before. */
type Meter = (name: string) => StationRow;

/** Counting all files takes a while, so the end of one part is the beginning of the next. */
function startMeter(dest: string, { clock, workspace }: Io): Meter {
  const folders = [dest, workspace];
  let bytesBefore = bytesBelow(folders);
  let fromMs = clock.monotonic();
  return (name) => {
    const seconds = (clock.monotonic() - fromMs) / 1000;
    const bytes = bytesBelow(folders);
    const row = { name, seconds, bytes: Math.max(0, bytes - bytesBefore) };
    bytesBefore = bytes;
    fromMs = clock.monotonic();
    return row;
  };
}
