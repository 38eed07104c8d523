import { readFile } from "node:fs/promises";
import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command } from "./command.js";
import { allowPrivate, compatReference, lookOptions, portalBase } from "./harvest-options.js";

export default command({
  name: "harvest inspect",
  summary: "Write the normalised record of images from their files and their portals",
  details: [
    "Locations are those of harvest peek. Numbered slices in a folder become one volume; missing slices and slices of another size are warnings.",
    "--web reads the document of harvest describe: values that a file lacks come from the portal's fields, then from its text, and sources says so. If two sources disagree, a warning conflict:FIELD keeps both. A portal's page as a location needs no --web.",
    "--out writes file_metadata.json, name → record, which harvest compare reads. --compat reference writes the reference program's keys and values, including width before height.",
  ],
  positionals: ["locations"],
  options: z.object({
    locations: z
      .array(z.string())
      .min(1)
      .meta({ description: "file, volume, folder or page; NAME=LOCATION names the record", value: "LOCATION" }),
    out: z
      .string()
      .optional()
      .meta({ description: "also write the document, such as file_metadata.json", value: "FILE", written: true }),
    web: z.string().optional().meta({ description: "web_metadata.json, to fill missing values", value: "FILE" }),
    exact: z.boolean().default(false).meta({ description: "read every page of a TIFF and every slice of a stack" }),
    portalBase,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    allowPrivate,
    compat: compatReference,
  }),
  examples: [
    {
      run: "emporium harvest inspect tomo=demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.zarr --out demo-out/file_metadata.json",
      says: "the record of a volume, printed and written",
    },
    { run: "emporium harvest inspect demo-out/portal/10401/TS_0001 --json", says: "every image below a folder, for programs" },
  ],
  async run({ locations, out, web, exact, portalBase: words, anonymous, allowPrivate, compat }, io) {
    const { inspect } = await import("../stations/harvest/records/inspect.js");
    const report = await inspect(locations, {
      ...(await lookOptions(words, io)),
      web: web === undefined ? undefined : await readWeb(web),
      exact,
      anonymous,
      allowPrivate,
    });
    const { fileMetadata, printDocument } = await import("../stations/harvest/records/file-metadata.js");
    const { recordsText } = await import("../stations/harvest/records/record-text.js");
    const { answer } = await import("./harvest-answer.js");
    const document = fileMetadata(report.records, { compat: compat === "reference" });
    return answer({ ...report, document, text: () => recordsText(report.records), print: printDocument, out }, io);
  },
});

async function readWeb(file: string) {
  const { readWebMetadata } = await import("../portals/web-metadata.js");
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new EmporiumError("STORE_ABSENT", `${file} cannot be read: ${cause.message}`, {
      place: { file },
      hint: "emporium harvest describe --out writes it",
      cause,
    });
  });
  return readWebMetadata(text, file);
}
