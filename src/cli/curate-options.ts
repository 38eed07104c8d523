import { z } from "zod";
import { wholeNumber } from "./option-types.js";

/** Options of every command that takes an inventory first. */
export const scanOptions = {
  dir: z
    .array(z.string())
    .min(1, "a folder")
    .meta({ description: "folders of the archive, drives as a rule; they are read and never written", value: "DIR" }),
  full: z
    .boolean()
    .default(false)
    .meta({ description: "look at every file again, also in folders that have not changed since the last scan" }),
  jobs: wholeNumber(1, 64)
    .optional()
    .meta({ description: "folders that are read at once (default: cores, more where a disk is slow to answer)", value: "N" }),
};

/** Where what was sent is written down. */
export const ledgerOption = {
  ledger: z
    .string()
    .optional()
    .meta({ description: "shared folder or bucket of the ledger (default: in the workspace)", value: "LOCATION" }),
};

/** How run folders are called that have not the portal's form. */
export const runPattern = {
  runPattern: z.array(z.string()).optional().meta({
    description:
      "run folders whose whole name this matches, beside those called ab2019-05-25-10; (?<run>…), (?<author>…), (?<date>…) name parts; kept in the inventory, '' clears (repeatable)",
    value: "REGEX",
  }),
};

export const compatReference = z
  .enum(["reference"])
  .optional()
  .meta({ description: "values of the reference program, its errors included", value: "reference" });
