import { z } from "zod";
import { command } from "./command.js";
import { wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog export copick",
  summary: "Write a copick project for a server or a tree: runs, tomograms, picks, segmentations",
  details: [
    "LOCATION is a server (the address that emporium serve prints, its /graphql, or the public portal, also the page of a dataset) or a standardised tree: a folder, a bucket or a web server.",
    "A server's project has the type cryoet_data_portal and names datasets. copick asks the public portal unless it is told otherwise: the lines that do it are printed.",
    "A tree's project has the type filesystem and needs no server. Picks are converted (voxels to ångström); tomograms and masks stay where they are: FILE's .static folder links to them, or its .references.json names their addresses.",
    "Objects are those that the annotations are of, with labels, colours and identifiers. Edit them freely: nothing else in the project depends on them but their names.",
    "Exit status: 0 all done, 3 something could not be read: each is named, and the rest is done.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "a server, or folder or bucket of a tree", value: "LOCATION" }),
    out: z.string().min(1, "a file").meta({ description: "the project file", value: "FILE" }),
    dataset: z
      .array(wholeNumber(0, 2 ** 31 - 1))
      .optional()
      .meta({ description: "these datasets alone", value: "ID" }),
    overlay: z
      .string()
      .min(1, "a folder")
      .optional()
      .meta({ description: "where copick writes what its users make (default: FILE's .overlay)", value: "LOCATION" }),
    overwrite: z.boolean().default(false).meta({ description: "replace a project of this name" }),
    jobs: wholeNumber(1, 64).optional().meta({ description: "runs that are worked on side by side (default 4)", value: "N" }),
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket, here and in copick" }),
  }),
  examples: [
    { run: "emporium catalog export copick demo-out/portal --out demo-out/copick.json", says: "the demo's tree" },
    {
      run: "emporium catalog export copick demo-out/portal --dataset 10401 --out demo-out/copick-10401.json --json",
      says: "one dataset of it, for programs",
    },
  ],
  async run({ location, out, dataset, overlay, overwrite, jobs, anonymous }, io) {
    const { exportCopick } = await import("../stations/catalog/export/copick.js");
    const endpoint = io.env.AWS_ENDPOINT_URL_S3 ?? io.env.AWS_ENDPOINT_URL;
    const { clock, log, signal } = io;
    const options = { out, datasets: dataset, overlay, overwrite, jobs, anonymous, endpoint };
    return printReport(await exportCopick(location, { ...options, clock, log, signal }), io);
  },
});
