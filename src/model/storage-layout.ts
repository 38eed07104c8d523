/** Keys of data sets in a storage of microscope images, as imagingDB has them. */

/** Key of a data set's file. */
export function fileKey(dataset: string, name: string): string {
  return `${fileFolder(dataset)}/${name}`;
}

/** Folder of a data set's file; `storage_dir` in the database. */
export function fileFolder(dataset: string): string {
  return `raw_files/${dataset}`;
}

/** Folder of a data set's frames; `storage_dir` in the database. */
export function framesFolder(dataset: string): string {
  return `raw_frames/${dataset}`;
}

/** The folders of all data sets: each has one folder for each data set, named by its id. */
export const STORAGE_FOLDERS = ["raw_files", "raw_frames"] as const;
