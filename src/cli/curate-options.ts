import { z } from "zod";
import { wholeNumber } from "./option-types.js";

/** Options of every command that takes an inventory first. */
export const scanOptions = {
  dir: z
    .array(z.string())
    .min(1, "a folder")
    .meta({ description: "folders of the archive, usually drives; they are only read", value: "DIR" }),
  full: z
    .boolean()
    .default(false)
    .meta({ description: "read every file again, even in folders that have not changed since the last scan" }),
  jobs: wholeNumber(1, 64)
    .optional()
    .meta({ description: "folders read in parallel (default: cores, more on a slow disk)", value: "N" }),
};

/** Location of the ledger, which records what was sent. */
export const ledgerOption = {
  ledger: z
    .string()
    .optional()
    .meta({ description: "shared folder or bucket of the ledger (default: in the workspace)", value: "LOCATION" }),
};

/** Pattern for names of run folders that do not have the portal's form. */
export const runPattern = {
  runPattern: z.array(z.string()).optional().meta({
    description:
      "regular expression for the whole name of run folders that are not named like ab2019-05-25-10; (?<run>…), (?<author>…), (?<date>…) name parts; stored in the inventory, '' clears",
    value: "REGEX",
  }),
};

export const compatReference = z
  .enum(["reference"])
  .optional()
  .meta({ description: "values of the reference program, including its errors", value: "reference" });
