import { z } from "zod";
import { redact } from "../../../../core/redact.js";
import type { GivenEnv } from "../../../../engine/env.js";
import { answerBytes, type KeptHead, type KeptKind, keepAnswer, listAnswers, readAnswer } from "../../../../engine/kept.js";
import type { Store } from "../../../../stores/store.js";
import { parseLocation } from "../../../../stores/url.js";
import type { ValidateRequest } from "../run.js";
import type { ValidationDocument } from "./document.js";

const More = z.object({
  suite: z.enum(["source", "standardized"]),
  /** URL of the tree or the sources, without a slash at its end. */
  location: z.string(),
  config: z.string().nullable(),
  /** Only a part of the location was looked at. */
  isPart: z.boolean(),
  counts: z.object({ passed: z.number(), failed: z.number(), warned: z.number(), skipped: z.number() }),
  findings: z.number(),
});

const REPORTS = {
  ...{ folder: "reports", more: More, ofOneMax: 20 },
  // 100,000 findings have about 60 MiB
  answerBytesMax: 128 * 1024 * 1024,
} as const satisfies KeptKind<typeof More>;

/** First line of a kept report, which is read without the rest. */
export type ReportHead = KeptHead<typeof More>;

export interface KeptReport {
  readonly head: ReportHead;
  /** The document that `ingest validate --json` printed, without `errors`. */
  readonly document: ValidationDocument;
}

/** Whether two reports looked at the same, so that what differs between them has changed. */
export const areComparable = (a: ReportHead, b: ReportHead): boolean => a.about === b.about;

/** Keeps a report, by its moment. @returns its id, undefined if it is not kept */
export function keepReport(
  workspace: Store,
  document: ValidationDocument,
  { suite, config, location, filter = {}, exclude = {}, network = false }: ValidateRequest,
  env: GivenEnv,
): Promise<string | undefined> {
  const more = {
    suite,
    location: redact(parseLocation(location).url.replace(/\/+$/, "")),
    config: config ?? null,
    isPart: Object.keys(filter).length + Object.keys(exclude).length > 0,
    counts: document.counts,
    findings: document.findings.length,
  };
  const about = { locations: [location, ...(config === undefined ? [] : [config])], how: { suite, filter, exclude, network } };
  return keepAnswer(workspace, REPORTS, { about, more, answer: document }, env);
}

export const listReports = (workspace: Store) => listAnswers(workspace, REPORTS);

/** Size of a report's text. @throws {EmporiumError} as `readAnswer` */
export const reportBytes = (workspace: Store, id: string): Promise<number> => answerBytes(workspace, REPORTS, id);

/** @throws {EmporiumError} as `readAnswer` */
export async function readReport(workspace: Store, id: string): Promise<KeptReport> {
  const { head, answer } = await readAnswer<typeof More, ValidationDocument>(workspace, REPORTS, id);
  return { head, document: answer };
}
