import { join } from "node:path";
import { z } from "zod";
import { command } from "./command.js";
import { type DemoResult, type DemoStep, failedStep, runDemoStep } from "./demo-steps.js";
import { wholeNumber } from "./option-types.js";
import { toldToStop } from "./signals.js";

/** Five data sets that the reference program knows, and two of portals that it does not. */
const PAGES: readonly string[] = [
  "https://idr.openmicroscopy.org/webclient/img_detail/9846137/?dataset=10740",
  "https://www.ebi.ac.uk/empiar/EMPIAR-11759/",
  "https://www.epfl.ch/labs/cvlab/data/data-em/",
  "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2",
  "https://tinyurl.com/hemibrain-ng",
  "https://cryoetdataportal.czscience.com/runs/501",
  "S-BIAD765",
];

const IDR_FOLDER = "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0086-miron-micrographs/20200610-ftp/experimentD/Miron_FIB-SEM";
/** Locations of the five data sets, by the names of their records. */
const DATA = {
  epfl: "https://documents.epfl.ch/groups/c/cv/cvlab-unit/www/data/%20ElectronMicroscopy_Hippocampus/volumedata.tif",
  idr: `${IDR_FOLDER}/Miron_FIB-SEM_processed/Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif`,
  empiar: "https://ftp.ebi.ac.uk/empiar/world_availability/11759/data/",
  openorganelle: "zarr://s3://janelia-cosem-datasets/jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2/em/fibsem-int16",
  hemibrain: "precomputed://gs://neuroglancer-janelia-flyem-hemibrain/emdata/clahe_yz/jpeg",
};
/** The block of the hemibrain that the reference program cuts out: z, y, x. */
const CROP = "12000:12600,11000:11400,10000:10200";

export default command({
  name: "harvest demo",
  summary: "Start local stand-ins of all portals, and harvest from them: facts, files, tables, a page",
  details: [
    "Describes seven data sets of seven portals, reads their headers, downloads small files and a block of a large one, and compares them. The command prints each step, an ordinary command, before it runs it. Nothing leaves this machine: the portals are those of examples/portals, with the data sets' real headers and generated voxels.",
    "DIR receives web_metadata.json, file_metadata.json, both tables as Markdown, CSV and JSON, the page comparison.html, and the files. --serve keeps the portals running, so that you can run the printed commands.",
  ],
  options: z.object({
    dest: z.string().min(1, "a folder").default("demo-out/harvest").meta({ description: "folder to create", value: "DIR" }),
    port: wholeNumber(0, 65535).default(0).meta({ description: "port of the portals on 127.0.0.1; 0 for any", value: "N" }),
    serve: z.boolean().default(false).meta({ description: "keep the portals running until Ctrl-C" }),
  }),
  examples: [{ run: "emporium harvest demo", says: "everything into demo-out/harvest" }],
  async run({ dest, port, serve }, io) {
    const { startOfflinePortals } = await import("../../examples/portals/server.mjs");
    const portals = await startOfflinePortals({ port });
    try {
      const { PORTAL_NAMES } = await import("../portals/registry.js");
      const bases = PORTAL_NAMES.flatMap((name) => ["--portal-base", `${name}=${portals.url}`]);
      if (!io.json) io.out(`# The portals, on this machine alone\n$ BASES="${bases.join(" ")}"`);
      const results: DemoResult[] = [];
      for (const { asks, ...step } of stepsOf(dest)) {
        results.push(await runDemoStep({ ...step, behind: asks ? { words: bases, as: "$BASES" } : undefined }, io));
        const status = results.at(-1)!.exitStatus;
        if (status !== 0) {
          const errors = failedStep(results.at(-1)!, "harvest demo", io);
          if (io.json) io.outJson({ steps: results, errors });
          return status;
        }
      }
      if (io.json) io.outJson({ steps: results, url: portals.url, errors: [] });
      else io.out(`\nThe page is ${join(dest, "comparison.html")}, in one folder with its tables and documents.`);
      if (serve) await toldToStop(io.signal);
    } finally {
      await portals.close();
    }
    return 0;
  },
});

interface Step extends DemoStep {
  /** The step asks portals or hosts. */
  asks: boolean;
}

function stepsOf(dest: string): Step[] {
  const [web, files, data] = [join(dest, "web_metadata.json"), join(dest, "file_metadata.json"), join(dest, "files")];
  const asking = (says: string, name: string, words: readonly string[]): Step => ({ says, name, words, asks: true });
  const compare = (says: string, words: readonly string[]): Step => ({
    says,
    name: "harvest compare",
    words: [files, "--web", web, ...words],
    asks: false,
  });
  const others = [
    ["comparison.md", []],
    ["comparison.csv", []],
    ["comparison.json", []],
    ["comparison.html", []],
    ["reference.md", ["--compat", "reference"]],
    ["reference.csv", ["--compat", "reference"]],
  ] as const;
  return [
    asking("What portals know of seven data sets, and where the data are", "harvest describe", [...PAGES, "--out", web]),
    asking("What their files are, by some kilobytes of each", "harvest peek", [
      ...(["epfl", "idr", "openorganelle", "hemibrain"] as const).map((name) => `${name}=${DATA[name]}`),
    ]),
    asking("One slice of sixteen", "harvest download", ["EMPIAR-11759", "--include", "**/*_0000.dm3", "--dest", data]),
    asking("A volume's metadata, and every chunk that is there", "harvest download", [PAGES[3]!, "--dest", data]),
    asking("A block of a volume of 57 trillion voxels", "harvest download", [
      `hemibrain=${DATA.hemibrain}`,
      "--crop",
      CROP,
      "--dest",
      data,
    ]),
    asking("A record for each: what its file says, and what its portal adds", "harvest inspect", [
      ...(["epfl", "idr", "empiar"] as const).map((name) => `${name}=${DATA[name]}`),
      `openorganelle=${join(data, "fibsem-int16")}`,
      `hemibrain=${join(data, "hemibrain")}`,
      "--web",
      web,
      "--out",
      files,
    ]),
    ...others.map(([name, words]) => compare(`The comparison as ${name}`, ["--out", join(dest, name), ...words])),
    compare("The tables as the reference program has them", ["--compat", "reference"]),
    compare("The tables: what is true, what was filled in, what does not agree", []),
  ];
}
