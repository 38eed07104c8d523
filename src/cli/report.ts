import type { Report } from "../core/report.js";
import type { Io } from "./command.js";

/** The end of a long command: failures on stderr, one by one, the report on stdout. @returns the exit status. */
export function printReport(report: Report, io: Io): number {
  const fail = () => {
    for (const error of report.errors) io.fail(error);
  };
  if (!report.errorsLast) fail();
  if (io.json) io.outJson(report);
  else {
    const text = report.toText();
    if (text !== "") io.out(text);
  }
  if (report.errorsLast) fail();
  return report.exitStatus;
}
