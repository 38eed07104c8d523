import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { DepositName } from "../../examples/lab/generate.mjs";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { quoteWord } from "../core/shell.js";
import type { Place } from "../server/places.js";
import { command, type Io } from "./command.js";
import { trainNetwork } from "./demo-network.js";
import { type DemoResult, type DemoStep, errorsOf, runDemoStep } from "./demo-steps.js";
import { wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";
import { version } from "./version.js";

/** A real reconstruction, where the public sample files lie beside the checkout. */
const SAMPLE = fileURLToPath(new URL("../../../shared/data/mrc/rec3D.rec", import.meta.url));

/** The laboratory's deposits in the order in which they are ingested, each without what is wrong in it on purpose. */
const DEPOSITS: readonly { name: DepositName; says: string; words: readonly string[] }[] = [
  {
    name: "imod",
    says: "A deposition of two runs becomes a tree in the portal's layout",
    words: [],
  },
  {
    name: "aretomo",
    says: "Another one, aligned by AreTomo: two voxel spacings, picks and masks of copick, meshes",
    words: ["--filter-run-name", "run_00[12]$"],
  },
  {
    name: "batch",
    says: "Some of ten runs whose files are named by maps; one was aligned by RELION 5",
    words: ["--filter-run-name", "mka2019-11-19-(1|3|5|12)$"],
  },
  { name: "sim", says: "Simulated data: instance masks, points and mask of one annotation", words: [] },
  {
    name: "annotations",
    says: "Annotations that were made later on all of them, in every format",
    words: [],
  },
  { name: "cell", says: "A cell to look at: ribosomes, membranes, microtubules", words: [] },
];

export default command({
  name: "demo",
  summary: "Create a miniature laboratory, ingest it, and open it in a browser",
  details: [
    "Generates six deposits of a laboratory with frames, tilt series, alignments, tomograms and annotations in every format (always the same bytes), ingests them into one tree in the portal's layout, runs the last command again to show that nothing is left to do, and labels the cell's tomogram block by block. Where there is a Python with NumPy and PyTorch ($EMPORIUM_PYTHON, or python3), a small network learns the cell's membrane for a minute, and a picture shows what it finds. The command prints each step, an ordinary command, before it runs it.",
    "Then it serves the tree to this machine only, prints the pages of its tomograms and links to their views in Neuroglancer, and runs until Ctrl-C. It ends at once with --once, and also without a terminal unless --port is given.",
  ],
  options: z.object({
    once: z.boolean().default(false).meta({ description: "end when all steps are done" }),
    port: wholeNumber(0, 65535)
      .optional()
      .meta({ description: "port of the page on 127.0.0.1; 0 for any (default: 8080, or any if that is taken)", value: "N" }),
    dest: z.string().min(1, "a folder").default("demo-out").meta({ description: "folder to create", value: "DIR" }),
    volume: z.string().optional().meta({ description: "also convert this MRC volume", value: "FILE" }),
    train: wholeNumber(0, 86_400).default(60).meta({
      description: "seconds for which a small network is trained, where Python has PyTorch; 0: not at all",
      value: "SECONDS",
    }),
  }),
  examples: [{ run: "emporium demo --once", says: "everything into demo-out" }],
  async run({ once, port, dest, train, volume = existsSync(SAMPLE) ? SAMPLE : undefined }, io) {
    if (once && port !== undefined) {
      throw new EmporiumError("USAGE", "--once ends, --port is where a page stays", { hint: "give one of them" });
    }
    const lab = join(dest, "lab");
    // Made once: the same bytes again would still be newer files, and newer files are ingested again.
    const last = join(lab, `${DEPOSITS.at(-1)!.name}.yaml`);
    if (!existsSync(last)) {
      const { generateLab } = await import("../../examples/lab/generate.mjs");
      await generateLab({ out: lab, deposits: DEPOSITS.map(({ name }) => name), sections: "all" });
    }
    const microscopy = join(dest, "microscopy");
    if (!existsSync(join(microscopy, "frames.json"))) {
      const { generateMicroscopy } = await import("../../examples/lab/generate.mjs");
      await generateMicroscopy({ out: microscopy });
    }
    const portal = join(dest, "portal");
    await writeGraph(dest, portal);
    const stays = !once && (io.attended || port !== undefined);
    const tree = stays ? await serveTree(portal, port, io) : undefined;
    try {
      const results: DemoResult[] = [];
      for (const step of stepsOf({ lab, portal, dest, volume })) {
        const done = await runDemoStep(step, io);
        results.push(done);
        if (done.exitStatus !== 0) {
          if (io.json) io.outJson({ steps: results, errors: errorsOf(done) });
          return done.exitStatus;
        }
      }
      const picture = join(dest, "blocks/network.png");
      const network =
        train > 0 ? await trainNetwork({ ...inCell(portal), picture, seconds: train, env: process.env }, io) : undefined;
      if (network) results.push(network);
      const views = (await tree?.views()) ?? [];
      if (io.json)
        io.outJson({ steps: results, ...(tree ? { url: tree.url, page: tree.page, views } : {}), errors: errorsOf(network) });
      else {
        io.out(`\nThe tree is in ${portal}: each .zarr opens with zarr-python and ome-zarr, each .mrc with mrcfile and IMOD.`);
        if (tree) {
          io.out(`\n${tree.url}/ has its pages, until Ctrl-C. With a catalogue: emporium serve ${quoteWord(portal)}`);
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

function stepsOf({ lab, portal, dest, volume }: StepsOptions): DemoStep[] {
  const steps: DemoStep[] = DEPOSITS.map(({ name, says, words }) => ({
    says,
    name: "ingest run",
    words: [join(lab, `${name}.yaml`), join(lab, "input"), portal, "--import-everything", ...words],
  }));
  steps.push({ ...steps.at(-1)!, says: "The same command again finds everything done" });
  steps.push({ says: "What is dense in the cell, labeled block by block", name: "blocks run", words: [graphIn(dest)] });
  if (volume !== undefined) {
    steps.push({ says: "One volume, without a config", name: "ingest convert", words: [volume, join(dest, "volume")] });
  }
  return steps;
}

const graphIn = (dest: string) => join(dest, "cells.yaml");

/** The cell's tomogram, and the mask of its membrane. */
function inCell(portal: string): { tomogram: string; mask: string } {
  const cell = join(portal, "10407/cell_01/Reconstructions/VoxelSpacing10.800");
  return {
    tomogram: join(cell, "Tomograms/100/cell_01.zarr"),
    mask: join(cell, "Annotations/101/membrane-1.0_segmentationmask.zarr"),
  };
}

/** A graph on the cell's tomogram, for `blocks run`. */
async function writeGraph(dest: string, portal: string): Promise<void> {
  const { tomogram } = inCell(portal);
  const text = (path: string) => JSON.stringify(path); // a name of any characters, as YAML takes it
  await writeFile(
    graphIn(dest),
    `version: 1
inputs:
  em: { from: ${text(tomogram)}, level: 1 }
grid: { of: em, block: [32, 64, 64] }
nodes:
  - { id: smooth, op: gaussian, in: em, sigma: { nm: 3 } }
  - { id: dense, op: threshold, in: smooth, above: auto }
  - { id: cells, op: components, in: dense, connectivity: 26, minVoxels: 50 }
  - { id: facts, op: statistics, in: smooth }
outputs:
  cells: { to: ${text(join(dest, "blocks/cells.zarr"))}, chunk: [32, 64, 64] }
  facts: { to: ${text(join(dest, "blocks/facts.json"))}, format: json }
`,
  );
}

interface StepsOptions {
  lab: string;
  portal: string;
  dest: string;
  volume: string | undefined;
}

interface DemoPages {
  readonly url: string;
  /** Of Neuroglancer. */
  readonly page: string;
  /** The views that are in the tree at this moment: their pages, and the links that open them in Neuroglancer. */
  views(): Promise<{ key: string; page: string | undefined; link: string }[]>;
  close(): Promise<void>;
}

const USUAL_PORT = 8080;

/** Serves the tree to this machine, which may still be empty. At the usual port, or any that is free where another program has that. */
async function serveTree(folder: string, port: number | undefined, { log }: Io): Promise<DemoPages> {
  const [{ servePortal }, { treeViews }, { viewerLink }, { parseLocation }, { fileStore }, { viewAddress }] = await Promise.all([
    import("../server/portal.js"),
    import("../server/views.js"),
    import("../server/viewer.js"),
    import("../stores/url.js"),
    import("../stores/file/store.js"),
    import("../model/ref.js"),
  ]);
  const store = fileStore(folder, { sync: false });
  const place: Place = { id: "portal", name: "portal", kind: "tree", location: parseLocation(folder), store };
  const open = (at: number) => servePortal({ places: [place], bucket: "portal", version: version(), port: at, log });
  const { url, files, viewer, close } = await open(port ?? USUAL_PORT).catch((error: unknown) => {
    if (port === undefined && isEmporiumError(error)) return open(0);
    throw error;
  });
  const views = async () =>
    (await treeViews(store)).map(({ key, volume }) => ({
      key,
      page: volume && `${url}/${viewAddress(place.id, volume)}`,
      link: viewerLink(viewer, `${files}/${key}`),
    }));
  return { url, page: viewer, views, close };
}
