import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { Store } from "../stores/store.js";
import { wholeNumber } from "./option-types.js";

/** Options of the commands that use the storage of a catalogue. */
export const storageOptions = {
  storage: z.string().min(1, "a folder or bucket").optional().meta({
    description: "folder or bucket of the files and frames; local and s3 work as in the older catalogue",
    value: "LOCATION",
  }),
  storageAccess: z
    .string()
    .min(1, "a folder or bucket")
    .optional()
    .meta({ description: "with --storage local or s3: the mount, or the bucket's name", value: "PLACE" }),
  anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
};

export const nbrWorkers = wholeNumber(1, 1024).optional().meta({ description: "frames processed in parallel", value: "N" });

export const datasetId = z.string().meta({ description: "the data set, such as ISP-2018-06-08-15-45-00-0001", value: "ID" });

/** @param fallback the place where no option names one. @throws {EmporiumError} USAGE, LOCATION_UNKNOWN */
export async function storageFor(
  options: { storage?: string | undefined; storageAccess?: string | undefined; anonymous?: boolean | undefined },
  fallback: string,
): Promise<Store> {
  const { storage, storageAccess, anonymous } = options;
  if (storageAccess !== undefined && !/^(?:local|s3)$/i.test(storage ?? "local")) {
    throw new EmporiumError("USAGE", "--storage-access cannot be combined with a --storage that is a location itself", {
      hint: "leave --storage-access out",
    });
  }
  const { openStorage } = await import("../stations/catalog/storage/open-storage.js");
  const { storageLocation } = await import("../stations/catalog/inputs/config.js");
  const location =
    storage === undefined && storageAccess === undefined ? fallback : storageLocation(storage ?? "local", storageAccess);
  return openStorage(location, { anonymous });
}
