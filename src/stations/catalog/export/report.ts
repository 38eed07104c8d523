import { exitOf, type Report, warningLines, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";

export interface CopickReport extends Report {
  readonly status: "done" | "partly";
  readonly location: string;
  /** Path of the project file. */
  readonly out: string;
  /** Path of the folder or file of references beside the project file that belongs to it; undefined for a server's project. */
  readonly static: string | undefined;
  /** Type of the project, in copick's own word. */
  readonly config_type: "filesystem" | "cryoet_data_portal";
  readonly datasets: readonly number[];
  readonly runs: number;
  readonly tomograms: number;
  /** Number of files of points. The next field is the number of masks. */
  readonly picks: number;
  readonly segmentations: number;
  readonly objects: number;
  /** URLs that a Python program has to set before it opens the project; undefined where none are needed. */
  readonly settings: { readonly graphql: string; readonly s3: string } | undefined;
  readonly warnings: readonly string[];
}

export function copickReport(facts: Omit<CopickReport, "status" | "exitStatus" | "toText">): CopickReport {
  const exitStatus = exitOf(facts.errors.length);
  return withText({ status: exitStatus === 0 ? "done" : "partly", exitStatus, ...facts }, linesOf);
}

function linesOf(report: Omit<CopickReport, "toText">): string[] {
  const { warnings, runs, tomograms, picks, segmentations, objects, out, static: beside, settings } = report;
  return [
    ...warningLines(warnings),
    `${counted(runs, "run")}: ${counted(tomograms, "tomogram")}, ${picks} picks and ${segmentations} segmentations of ${counted(objects, "object")}`,
    beside === undefined ? out : `${out}, with ${beside}`,
    ...(settings === undefined
      ? []
      : [
          "copick asks the public portal unless a program that opens the project begins with",
          "  import os, cryoet_data_portal._client as portal",
          `  portal.DEFAULT_URL = "${settings.graphql}"`,
          `  os.environ["AWS_ENDPOINT_URL_S3"] = "${settings.s3}"`,
        ]),
  ];
}
