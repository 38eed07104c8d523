import { quoteWords } from "../../src/core/shell.js";
import { formatSeconds } from "../../src/core/units.js";
import type { JobBrief } from "../../src/model/page-api.js";
import { ABSENT, bytes, count } from "./format.js";
import "./jobs.css";

/** `emporium ingest run lab.yaml …`, as it was typed. */
export const lineOf = ({ command }: JobBrief): string => quoteWords(["emporium", ...command]);

/** For another folder and another day. */
export const commandOf = (job: JobBrief): string => `cd ${quoteWords([job.folder])} && ${lineOf(job)}`;

/** How it stands, with a sign: colour alone says nothing. */
export function lifeOf({ life, exitStatus, heardAt, host }: JobBrief): { sign: string; tone: string; says: string } {
  switch (life) {
    case "running":
      return { sign: "▸", tone: "accent", says: "running" };
    case "silent":
      return { sign: "?", tone: "warn", says: `no heartbeat since ${clockOf(heardAt)}: ${host} may be down or cut off` };
    case "died":
      return { sign: "✕", tone: "bad", says: `died: its process is gone; last heard of at ${clockOf(heardAt)}` };
    default:
      return exitStatus === 0
        ? { sign: "✓", tone: "ok", says: "ended well" }
        : exitStatus === 130
          ? { sign: "■", tone: "warn", says: "stopped" }
          : { sign: "✕", tone: "bad", says: `ended with status ${exitStatus}` };
  }
}

export function Life({ job }: { job: JobBrief }) {
  const { sign, tone, says } = lifeOf(job);
  return (
    <span>
      <span className={`sign ${tone}`} aria-hidden>
        {sign}
      </span>{" "}
      {says}
    </span>
  );
}

export function Bar({ job: { progress, life, command } }: { job: JobBrief }) {
  const percent = Math.floor(100 * progress.fraction);
  return (
    <span className="bar row">
      <progress value={progress.fraction} max={1} className={life} aria-label={`Done of ${command.slice(0, 2).join(" ")}`} />
      <span>{percent} %</span>
    </span>
  );
}

export const rateOf = ({ progress: { bytesPerSecond, tasksPerSecond, bytesTotal }, life }: JobBrief): string =>
  life !== "running"
    ? ABSENT
    : bytesTotal > 0 && bytesPerSecond !== undefined
      ? `${bytes(Math.round(bytesPerSecond))}/s`
      : tasksPerSecond !== undefined
        ? `${tasksPerSecond.toPrecision(3)} /s`
        : ABSENT;

export const leftOf = ({ progress: { secondsLeft }, life }: JobBrief): string =>
  life === "running" && secondsLeft !== undefined ? formatSeconds(secondsLeft) : ABSENT;

export const doneOf = ({ progress: { tasksDone, tasksTotal } }: JobBrief): string =>
  `${count(tasksDone)} of ${count(tasksTotal)}`;

/** `2026-11-22 14:02`, of this browser's zone. */
export function momentOf(iso: string): string {
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

const clockOf = (iso: string): string => momentOf(iso).slice(11);
