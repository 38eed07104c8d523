import type { Trial, TrialOptions } from "./catalog-kill-kit.mjs";

export declare const MAKINGS: readonly ["init", "migrate", "adopt"];

export interface Makings {
  trial(options: Omit<TrialOptions, "work"> & { work: (typeof MAKINGS)[number] }): Promise<Omit<Trial, "work">>;
  close(): Promise<void>;
}

/** @param options `folder`: for everything. `works`: those that trials will have (default all). `cluster`: an embedded database that does not run, to begin with a copy of it. */
export declare function openMakings(options: {
  folder: string;
  cluster?: string;
  works?: readonly (typeof MAKINGS)[number][];
}): Promise<Makings>;
