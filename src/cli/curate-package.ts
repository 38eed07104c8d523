import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

const positive = z
  .string()
  .regex(/^\d+(?:\.\d+)?$/, "a number above 0")
  .transform(Number)
  .refine((value) => value > 0, "a number above 0");

export default command({
  name: "curate package",
  summary: "Turn a batch into an ingestion: a configuration and annotation files for ingest run",
  details: [
    "Reads a batch of curate collect and writes config.yaml with the annotation files beside it: points, slicer angles as oriented points, surfaces of closed contours as meshes, one annotation of the label per run. The configuration refers to the portal's datasets, runs, alignments and tomograms: the import adds to them and changes nothing.",
    "--tree names the portal's tree (its bucket, or a copy of the metadata): each model is compared with the tomograms of its run, and gets the voxel spacing and alignment of the one that it was drawn on. Without --tree the spacing is the model's own pixel size, or --voxel-spacing. A model whose tomogram is uncertain is listed and left out.",
    "Unknown values (authors, dates, the deposition's number, the object's identifier) get a valid placeholder with the comment # please fill in. --profile, a YAML file, or the options here set them. A label that no vocabulary explains needs --object.",
    "Exit status: 0 done, 3 some models were left out, 1 none could be packaged.",
  ],
  positionals: ["dir"],
  options: z.object({
    dir: z.string().min(1, "a batch").meta({ description: "batch that curate collect wrote", value: "DIR" }),
    dest: z.string().min(1, "a place").meta({ description: "folder or bucket location", value: "LOCATION" }),
    tree: z.string().optional().meta({ description: "the portal's tree, to find each model's tomogram", value: "LOCATION" }),
    profile: z
      .string()
      .optional()
      .meta({ description: "YAML file with authors, dates, deposition_id, title, objects, …", value: "FILE" }),
    deposition: wholeNumber(1).optional().meta({ description: "number of the deposition at the portal", value: "ID" }),
    title: z.string().optional().meta({ description: "title of the deposition" }),
    description: z.string().optional().meta({ description: "a few sentences about it" }),
    author: z
      .array(z.string())
      .optional()
      .meta({ description: "author, the first one primary and corresponding", value: "NAME" }),
    date: z.string().optional().meta({ description: "day of deposition and release, such as 2026-02-01", value: "DAY" }),
    object: z.string().optional().meta({ description: "name of the labelled object, as in its ontology", value: "NAME" }),
    objectId: z.string().optional().meta({ description: "the object's identifier, such as GO:0009431", value: "ID" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
    voxelSpacing: positive.optional().meta({ description: "voxel spacing of the portal's tomograms, Å", value: "N" }),
    binning: positive
      .optional()
      .meta({ description: "voxels of the drawn-on volume per portal voxel, along an axis", value: "N" }),
    leaveOut: z
      .array(z.string())
      .optional()
      .meta({ description: "file of the batch to leave out, as named in its manifest", value: "KEY" }),
    replace: z.boolean().default(false).meta({ description: "overwrite an existing configuration that differs" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    {
      run: "emporium curate package demo-out/archive/batches/d4-hat --dest demo-out/archive/packages/d4-hat --voxel-spacing 10",
      says: "a batch as an ingestion, with placeholders to fill in",
    },
  ],
  async run({ dir, deposition, title, description, author, date, object, objectId, ...options }, io) {
    const { packageBatch } = await import("../stations/curate/package/package.js");
    if (objectId !== undefined && object === undefined) {
      throw new EmporiumError("USAGE", "--object-id needs --object", { hint: "name the object as well" });
    }
    const report = await packageBatch(dir, {
      ...options,
      object: object === undefined ? undefined : { name: object, ...(objectId === undefined ? {} : { id: objectId }) },
      answers: {
        deposition_id: deposition,
        title,
        description,
        authors: author?.map((name) => ({ name })),
        dates: date === undefined ? undefined : { deposition_date: date, release_date: date },
      },
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
