/** What is known of the folders of an archive that was compared with a portal, whatever lies in them. */
export interface ComparedArchive {
  /** The table that tells it. Absolute. */
  readonly table: string;
  /** What is known of the run folder that a file lies in, by its path below the folder that is looked at; undefined for other files. */
  folderOf(path: string): ComparedFolder | undefined;
  /** What the name of a model means there, without its extension; undefined where it is no label. */
  labelOf(stem: string): { readonly label: string; readonly isAutomatic: boolean; readonly meaning: string } | undefined;
}

export interface ComparedFolder {
  /** Below the folder that is looked at; "" where that is the run folder itself, or lies in it. */
  readonly path: string;
  readonly run: string;
  /** Why nothing of it is published; undefined for a run that the portal lacks. */
  readonly leftOut?: string | undefined;
}

/** Columns of the table that `curate match` writes. The three of its reference come first, so that its programs can read the table. */
export const MATCH_COLUMNS = [
  "sc_run_name",
  "CZI_run_name",
  "CZI_run_id",
  "path",
  "rule",
  "score",
  "status",
  "dataset_id",
] as const;
