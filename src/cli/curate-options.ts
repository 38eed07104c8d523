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
      "regular expression for the whole name of run folders that are not named like ab2019-05-25-10; (?<run>…), (?<author>…), (?<date>…) name parts; stored in the inventory, '' clears",
    value: "REGEX",
  }),
};

export const compatReference = z
  .enum(["reference"])
  .optional()
  .meta({ description: "values of the reference program, including its errors", value: "reference" });
