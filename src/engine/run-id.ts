import { randomBytes } from "node:crypto";

/** What the folder of a run is called: by the moment of its begin, so that names are in the order of time. */
export const RUN_ID = /^\d{8}T\d{6}-[0-9a-f]{6}$/;

/** The variable in which who starts a command says what its run is to be called. */
export const RUN_ID_VARIABLE = "EMPORIUM_RUN_ID";

/** For a run that begins now. */
export const newRunId = (nowMs: number): string =>
  `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}-${randomBytes(3).toString("hex")}`;
