import { z } from "zod";
import { foldersInWords, titlesOf } from "../formats/registry.js";
import { command } from "./command.js";
import { allowPrivate, lookOptions, portalBase } from "./harvest-options.js";

export default command({
  name: "harvest peek",
  summary: "Show shape, type and voxel size of images anywhere, reading only their headers",
  details: [
    `A location is a path or a URL (file:, http:, https:, ftp:, s3:, gs:) of a ${titlesOf()} file, or of a ${foldersInWords()} volume, also as zarr://…, n5://…, precomputed://… or …|zarr3:. A folder stands for every image below it, a portal's page or viewer's link for everything it links to. NAME=LOCATION names the record.`,
    "The command prints the requests made and bytes fetched: a few kilobytes, in one to three requests. The number of TIFF pages comes from the file's metadata, or is extrapolated from the spacing of the first pages (then marked derived); --exact reads every page.",
  ],
  positionals: ["locations"],
  options: z.object({
    locations: z
      .array(z.string())
      .min(1)
      .meta({ description: "file, volume, folder or page; NAME=LOCATION names the record", value: "LOCATION" }),
    exact: z.boolean().default(false).meta({ description: "read every page of a TIFF" }),
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    allowPrivate,
  }),
  examples: [
    {
      run: "emporium harvest peek demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc",
      says: "a file: one request",
    },
    { run: "emporium harvest peek demo-out/portal/10401/TS_0001 --json", says: "every image below a folder, for programs" },
  ],
  async run({ locations, exact, portalBase: words, anonymous, allowPrivate }, io) {
    const { peek } = await import("../stations/harvest/records/peek.js");
    const report = await peek(locations, {
      ...(await lookOptions(words, io)),
      exact,
      anonymous,
      allowPrivate,
    });
    const { fileMetadata, printDocument } = await import("../stations/harvest/records/file-metadata.js");
    const { recordsText } = await import("../stations/harvest/records/record-text.js");
    const { answer } = await import("./harvest-answer.js");
    const document = fileMetadata(report.records);
    return answer({ ...report, document, text: () => recordsText(report.records), print: printDocument, out: undefined }, io);
  },
});
