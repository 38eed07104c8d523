export declare const VICTIMS: readonly ["client", "backend", "session", "postmaster", "server", "all"];
export declare const WORKS: readonly ["frames", "file", "overwrite", "import", "reimport"];
export declare const DATABASES: readonly ["embedded", "shared"];

export interface TrialOptions {
  victim: (typeof VICTIMS)[number];
  work: (typeof WORKS)[number];
  database: (typeof DATABASES)[number];
  /** Decides the moments. */
  seed: number;
  /** How often before the command may end. Default 1. */
  kills?: number;
}

export interface Trial extends TrialOptions {
  /** Kills that met somebody, and those of them after which the command did not end as if nothing had been. */
  kills: number;
  inside: number;
  /** Commands that went on to a good end by themselves. */
  survived: number;
  /** Sentences; none where all is as it must be. */
  faults: string[];
  /** Of errors that were told. */
  codes: string[];
  /** All attempts together, and one that nobody disturbs. */
  seconds: number;
  usualSeconds: number;
}

export interface Scene {
  trial(options: TrialOptions): Promise<Trial>;
  close(): Promise<void>;
}

/** @param options `folder`: for everything. `cluster`: an embedded database that does not run, to begin with a copy of it. */
export declare function openScene(options: { folder: string; cluster?: string }): Promise<Scene>;

/** A small standardised tree, written to a folder. `version`: a run's documents change with it. */
export declare function writeTree(
  folder: string,
  options: { runs: number; annotations: number; version?: (run: number) => number },
): Promise<void>;
