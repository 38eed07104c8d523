/** Key of a data set's file. */
export function fileKey(dataset: string, name: string): string {
  return `${fileFolder(dataset)}/${name}`;
}

/** Folder of a data set's file: what the database calls `storage_dir`. */
export function fileFolder(dataset: string): string {
  return `raw_files/${dataset}`;
}

/** Folder of a data set's frames: what the database calls `storage_dir`. */
export function framesFolder(dataset: string): string {
  return `raw_frames/${dataset}`;
}

/** Folders of all data sets, for who looks for what no database knows. */
export const STORAGE_FOLDERS = ["raw_files", "raw_frames"] as const;
