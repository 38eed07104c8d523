import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useCrumbs } from "../parts/page.js";

const PAGES = [
  ["/curate/overlap", "Overlap"],
  ["/curate/matches", "Matches"],
  ["/curate/labels", "Labels"],
  ["/curate/batches", "Batches"],
] as const;

/** A page of the station: its title, and the ways to the others. */
export function CuratePage({ title, children }: { title: (typeof PAGES)[number][1]; children: ReactNode }) {
  useCrumbs({ label: "Curate", to: "/curate/overlap" }, { label: title });
  return (
    <div className="page">
      <h1>{title}</h1>
      <nav aria-label="Curate" className="row wrap" style={{ gap: "4px 16px", marginBottom: 16 }}>
        {PAGES.map(([to, label]) => (
          <Link key={to} to={to} style={label === title ? { color: "inherit", fontWeight: 600 } : {}}>
            {label}
          </Link>
        ))}
      </nav>
      {children}
    </div>
  );
}
