import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { KeptAnswers } from "../../src/model/page-api.js";
import { ask } from "../parts/api.js";
import { day, plural } from "../parts/format.js";

/** What a command has left in the workspace: `harvest/sets`, `curate/labels`. It is asked for anew whenever the page is opened. */
export const useKept = (of: string) =>
  useQuery({ queryKey: ["kept", of], queryFn: ({ signal }) => ask<KeptAnswers>(of, signal), staleTime: 0 });

/** `2026-11-22 17:02` UTC. */
export const moment = (iso: string): string => `${day(iso)} ${iso.slice(11, 16)}`;

/** The choice among several answers of one command. */
export function ChooseKept({
  answers: { kept, older },
  chosen,
  choose,
}: {
  answers: KeptAnswers;
  chosen: string;
  choose: (id: string) => void;
}) {
  if (kept.length < 2) return null;
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
        {older > 0 && <span className="muted">and {plural(older, "older one")}, which are not listed</span>}
      </label>
    </p>
  );
}

/** A table that scrolls sideways by itself, by keys too. */
export function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <section className="scroll" aria-label={label} tabIndex={0} style={{ margin: 0 }}>
      {children}
    </section>
  );
}
