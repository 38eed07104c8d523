import { EmporiumError } from "../../../core/errors.js";

/** The message of the older catalogue, which scripts know. */
export function alreadyThere(serial: string): EmporiumError {
  return new EmporiumError("DATABASE_CONFLICT", `Dataset ${serial} already exists in database`, {
    hint: "give it another id, or replace it with --overwrite",
  });
}

export function parentMissing(parent: string, serial: string): EmporiumError {
  return new EmporiumError("CONFIG_RULE", `Parent ${parent} not found for data set ${serial}`, {
    hint: "upload the parent first, or correct parent_dataset_id",
  });
}

export function ownAncestor(serial: string): EmporiumError {
  return new EmporiumError("CONFIG_RULE", `the data set ${serial} would be its own ancestor`, {
    hint: "correct parent_dataset_id",
  });
}
