import type { GivenEnv } from "../../../engine/env.js";
import { type Kept, keepLatest, latestKind, listLatest, readLatest } from "../../../engine/kept.js";
import type { CountRow, LabelCounts, MatrixCell } from "./count.js";

const KIND = latestKind("curate/labels");

/** Counts of labels as they are kept for the pages: sets of runs are lists. */
export interface KeptLabels {
  readonly compat: boolean;
  readonly rows: readonly (Omit<CountRow, "runs"> & { readonly runs: readonly string[] })[];
  readonly cells: readonly (Omit<MatrixCell, "runs"> & { readonly runs: readonly string[] })[];
  readonly outside: number;
  readonly report: KeptReport;
}

/** The part of a `LabelsReport` that is kept. */
interface KeptReport {
  readonly total: number;
  readonly labels: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  readonly meanings: Readonly<Record<string, { meaning: string; status: string; ontology?: string }>>;
}

/** The counts from which a picture and a table are made. */
export type Counted = Pick<LabelCounts, "rows" | "cells" | "outside">;

interface LabelsKeeping extends GivenEnv {
  readonly workspace: string;
  readonly dirs: readonly string[];
  readonly matches?: string | undefined;
  readonly vocabulary?: string | undefined;
  readonly compat: boolean;
}

/** Keeps the counts of an archive in the workspace, in place of earlier ones of the same folders. */
export async function keepLabels({ rows, cells, outside }: Counted, report: KeptReport, keeping: LabelsKeeping): Promise<void> {
  const { dirs, matches, vocabulary, compat, ...env } = keeping;
  const { total, labels, classes, meanings } = report;
  const listed = <T extends { runs: Set<string> }>(all: readonly T[]) => all.map((one) => ({ ...one, runs: [...one.runs] }));
  const result: KeptLabels = {
    ...{ compat, rows: listed(rows), cells: listed(cells), outside },
    report: { total, labels, classes, meanings },
  };
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  const mode = option("--compat", compat ? "reference" : undefined);
  const more = [...option("--matches", matches), ...option("--vocabulary", vocabulary), ...mode];
  const command = ["emporium", "curate", "labels", ...dirs, ...more];
  await keepLatest(KIND, result, { ...env, command, about: { locations: dirs, how: { compat } } });
}

export const listLabels = (workspace: string) => listLatest(KIND, workspace);

/** @throws {EmporiumError} as `readAnswer` */
export const readLabels = (workspace: string, id: string): Promise<Kept<KeptLabels>> => readLatest(KIND, workspace, id);

export function countsOf({ rows, cells, outside }: KeptLabels): Counted {
  const sets = <T extends { readonly runs: readonly string[] }>(all: readonly T[]) =>
    all.map((one) => ({ ...one, runs: new Set(one.runs) }));
  return { rows: sets(rows), cells: sets(cells), outside };
}
