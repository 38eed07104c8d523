import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command } from "./command.js";
import { compatReference } from "./harvest-options.js";

const FORMATS = ["table", "markdown", "csv", "json", "html"] as const;

export default command({
  name: "harvest compare",
  summary: "Put data sets of any portals side by side: what their images are, and how they were taken",
  details: [
    "Reads what harvest inspect --out has written, and with --web what harvest describe --out has: a record of the portal belongs to the record of its name, or to the one whose location lies below one of its links. Documents of the reference program are read as well.",
    "Two tables: images (type, voxel size, shape, offset and axes of each, sizes in one unit, fields of view), and acquisition (beam, scan, microscope, in SI units with the source's own beside them). What the file does not say is filled from the portal's fields, then from its prose, and marked so; where two sources disagree, both are listed under the table.",
    "--format html makes one page that needs nothing else, with pictures of voxel sizes and fields of view. In CSV a text that a spreadsheet would take for a formula has an apostrophe before it.",
    "--compat reference prints both tables exactly as the reference program does, its errors included: nothing is corrected or filled.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).default([]).meta({ description: "documents of harvest inspect", value: "FILE_METADATA" }),
    web: z.array(z.string()).default([]).meta({ description: "document of harvest describe", value: "FILE" }),
    format: z
      .enum(FORMATS)
      .optional()
      .meta({ description: `${FORMATS.join(", ")} (default: by the end of --out, else table)`, value: "NAME" }),
    table: z.enum(["both", "images", "acquisition"]).default("both").meta({ description: "which of the two tables" }),
    out: z.string().optional().meta({ description: "write it there instead of to stdout", value: "FILE" }),
    compat: compatReference,
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket" }),
  }),
  examples: [
    {
      run: "emporium harvest compare demo-out/file_metadata.json --web demo-out/web_metadata.json",
      says: "both tables, and what does not agree",
    },
    {
      run: "emporium harvest compare demo-out/file_metadata.json --web demo-out/web_metadata.json --out demo-out/comparison.html",
      says: "a page to look at",
    },
    {
      run: "emporium harvest compare demo-out/file_metadata.json --compat reference --format csv --table images",
      says: "the reference program's first table",
    },
  ],
  async run({ file, web, format, table, out, compat, anonymous }, io) {
    if (file.length === 0 && web.length === 0) {
      throw new EmporiumError("USAGE", "harvest compare needs FILE_METADATA: what harvest inspect --out has written", {
        hint: "see emporium harvest compare --help",
      });
    }
    const { compareDocuments, comparisonAs, formatOfName, writeComparison } = await import("../stations/harvest/compare/run.js");
    const chosen = format ?? (out === undefined ? undefined : formatOfName(out)) ?? "table";
    const comparison = await compareDocuments({
      files: file,
      webs: web,
      compat: compat === "reference",
      anonymous,
      signal: io.signal,
    });
    const text = (form: typeof chosen) => comparisonAs(comparison, form, table).replace(/\n$/, "");
    if (out !== undefined) {
      await writeComparison(out, comparisonAs(comparison, chosen, table), chosen, anonymous);
      const { datasets, conflicts } = comparison;
      const found = [
        counted(datasets.length, "data set"),
        ...(comparison.compat ? [] : [counted(conflicts.length, "contradiction")]),
      ];
      io.out(io.json ? text("json") : `${out}: ${found.join(", ")}`);
    } else io.out(text(io.json ? "json" : chosen));
    return 0;
  },
});

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
