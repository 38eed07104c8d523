import { randomBytes } from "node:crypto";

/** Pattern of a run's folder name, which starts with the moment at which the run began: names are in the order of time. */
export const RUN_ID = /^\d{8}T\d{6}-[0-9a-f]{6}$/;

/** Environment variable in which whoever starts a command gives the id of its run. */
export const RUN_ID_VARIABLE = "EMPORIUM_RUN_ID";

/** Id of a run that begins now. */
export const newRunId = (nowMs: number): string =>
  `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}-${randomBytes(3).toString("hex")}`;
