import type { ReactNode } from "react";
import { AnswerError } from "../parts/api.js";
import { Empty } from "../parts/states.js";
import "./microscopy.css";

const UPLOAD = "emporium catalog upload --csv TABLE.csv --config CONFIG.json --storage STORAGE";

/** The server has no database open. */
export const isNoDatabase = (error: unknown): boolean => error instanceof AnswerError && error.error.code === "NOT_FOUND";

/** Says why there is nothing, and what fills it: the upload, then a server that has its storage. */
export function NoFrames({ children }: { children: ReactNode }) {
  return (
    <>
      <Empty command={UPLOAD}>{children} An upload splits images into frames and fills it:</Empty>
      <Empty command="emporium serve TREE STORAGE">Frames are shown where the storage of the upload is served, too:</Empty>
    </>
  );
}
