import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CURATE_PAGES } from "../../src/model/pages.js";
import { useCrumbs } from "../parts/page.js";

/** A page of the station: its title, and the ways to the others. */
export function CuratePage({ title, children }: { title: string; children: ReactNode }) {
  useCrumbs({ label: "Curate", to: "/curate/overlap" }, { label: title });
  return (
    <div className="page">
      <h1>{title}</h1>
      <nav aria-label="Curate" className="row wrap" style={{ gap: "4px 16px", marginBottom: 16 }}>
        {CURATE_PAGES.map(([to, label]) => (
          <Link key={to} to={to} style={label === title ? { color: "inherit", fontWeight: 600 } : {}}>
            {label}
          </Link>
        ))}
      </nav>
      {children}
    </div>
  );
}
