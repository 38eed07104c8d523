import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { KeptAnswers } from "../../src/model/page-api.js";
import { ask } from "../parts/api.js";
import { moment, plural } from "../parts/format.js";
import "./kept.css";

/**
 * Query for the results that a command has left in the workspace: `harvest/sets`, `curate/labels`. They are asked for anew
 * whenever the page is opened.
 */
export const useKept = (of: string) =>
  useQuery({ queryKey: ["kept", of], queryFn: ({ signal }) => ask<KeptAnswers>(of, signal), staleTime: 0 });

/** The choice among several answers of one command. */
export function ChooseKept({
  answers: { kept, unreadable },
  chosen,
  choose,
}: {
  answers: KeptAnswers;
  chosen: string;
  choose: (id: string) => void;
}) {
  const lost = <Unreadable files={unreadable} />;
  if (kept.length < 2) return lost;
  return (
    <p>
      <label className="row wrap">
        Result
        <select value={chosen} onChange={({ target }) => choose(target.value)} style={{ maxWidth: "100%" }}>
          {kept.some(({ id }) => id === chosen) ? null : <option value={chosen}>{chosen}</option>}
          {kept.map(({ id, at }) => (
            <option key={id} value={id}>
              {moment(at)} · {id}
            </option>
          ))}
        </select>
      </label>
      {lost}
    </p>
  );
}

export const Unreadable = ({ files }: { files: number }) =>
  files === 0 ? null : <span className="warn">⚠ {plural(files, "file")} of these in the workspace cannot be read.</span>;

/** A table that scrolls sideways by itself, by keys too. */
export function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <section className="scroll" aria-label={label} tabIndex={0} style={{ margin: 0 }}>
      {children}
    </section>
  );
}
