import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

export default command({
  name: "catalog export copick",
  summary: "Write a copick project for a server or a tree: runs, tomograms, picks, segmentations",
  details: [
    "LOCATION is a server (the URL that emporium serve prints, its /graphql, the public portal, or the page of a dataset there) or a standardised tree: a folder, a bucket or a web server.",
    "A server's project has the type cryoet_data_portal and names datasets. copick asks the public portal by default; the command prints the lines that point it to another server.",
    "A tree's project has the type filesystem and needs no server. Picks are converted (voxels to ångström); tomograms and masks stay in the tree: FILE's .static folder links to them, or its .references.json lists their URLs.",
    "The project lists the annotated objects with labels, colours and identifiers. You may edit them: the rest of the project depends only on their names.",
    "Exit status: 0 all done, 3 something could not be read: each failure is named, and the rest is done.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "a server, or the folder or bucket of a tree", value: "LOCATION" }),
    out: z.string().min(1, "a file").meta({ description: "the project file", value: "FILE", written: true }),
    dataset: z
      .array(wholeNumber(0, 2 ** 31 - 1))
      .optional()
      .meta({ description: "only these datasets", value: "ID" }),
    overlay: z
      .string()
      .min(1, "a folder")
      .optional()
      .meta({ description: "folder for the results of copick's users (default: FILE's .overlay)", value: "LOCATION" }),
    overwrite: z.boolean().default(false).meta({ description: "replace a project of this name" }),
    jobs: wholeNumber(1, 64).optional().meta({ description: "runs processed in parallel (default 4)", value: "N" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets, here and in copick" }),
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
    const options = { out, datasets: dataset, overlay, overwrite, jobs, anonymous, endpoint };
    return printReport(await exportCopick(location, { ...options, ...envOf(io) }), io);
  },
});
